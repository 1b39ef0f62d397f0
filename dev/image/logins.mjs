#!/usr/bin/env node
// The logins of `make image` and `make image-quick`, in a network of their own: logins.mjs IMAGE alone|among-services [COMPOSE_FILE…]
import { say, step } from '../setup/steps.mjs';
import { logInAmongServices } from './compose.mjs';
import { logInThroughPublishedPort } from './published-helper.mjs';

const [image = '', mode = '', ...composeFiles] = process.argv.slice(2);
try {
  say('The image alone, its port published:');
  await logInThroughPublishedPort(image, mode === 'alone' ? 'debug' : 'static');
  if (mode === 'among-services') {
    await step('services', () => logInAmongServices(composeFiles));
  }
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
