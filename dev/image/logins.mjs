#!/usr/bin/env node
// The logins of `make image` and `make image-quick`, in a network of their own: logins.mjs IMAGE alone|among-services [COMPOSE_FILE…]
import { PROGRAM } from '../demo/program.mjs';
import { say, step } from '../setup/steps.mjs';
import { logInAmongServices } from './compose.mjs';
import { librariesOf, logInByShownCommands } from './published-helper.mjs';
import { logInByShownComposeFile } from './shown-compose.mjs';

const [image = '', mode = '', ...composeFiles] = process.argv.slice(2);
// The debug binary is linked with libraries, which the image lacks.
const libraries = mode === 'alone' ? librariesOf(PROGRAM) : [];
try {
  await logInByShownCommands(image, libraries);
  say('docs/container.md: the compose file');
  await logInByShownComposeFile(image, libraries);
  if (mode === 'among-services') {
    say('compose.yaml');
    await step('services', () => logInAmongServices(composeFiles));
  }
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
