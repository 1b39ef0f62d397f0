import { mkdir } from 'node:fs/promises';
import { after } from 'node:test';

import { launchChromium } from '../../dev/browser/chromium.mjs';
import { Environment } from '../../dev/environment/environment.mjs';
import { inRepository } from '../../dev/setup/repository.mjs';
import { PATIENCE_MS, Person } from './person.mjs';

/** Where screenshots and what browsers recorded are kept. */
export const ARTEFACTS = inRepository('target/test-output/backstage');

/** One for all tests: who stops a part of it starts it again. */
export const environment = await Environment.start();
const browser = await launchChromium();
await mkdir(ARTEFACTS, { recursive: true });

after(async () => {
  await browser.close();
  await environment.stop();
});

/**
 * Somebody at a new browser, signed in to Backstage; at the end of the test connected to no cluster any more.
 *
 * @param {import('node:test').TestContext} test
 * @param {'felix' | 'mara'} login
 * @param {import('playwright-core').BrowserContextOptions} [options]
 */
export async function personAt(test, login, options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const person = new Person(login, { context, page: await context.newPage(), url: environment.url, pictures: ARTEFACTS });
  test.after(async () => {
    await person.disconnect();
    await context.close();
  });
  await person.signIn();
  return person;
}
