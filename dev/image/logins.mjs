#!/usr/bin/env node
// The logins of `make image`, in a network of their own; run by image.mjs.
import { say, step } from '../setup/steps.mjs';
import { logInAmongServices } from './compose.mjs';
import { IMAGE } from './inspection.mjs';
import { logInThroughPublishedPort } from './published-helper.mjs';

try {
  say('The image alone, its port published:');
  await logInThroughPublishedPort(IMAGE);
  await step('services', logInAmongServices);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
