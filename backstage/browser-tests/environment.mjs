import { join } from 'node:path';
import { after } from 'node:test';

import { launchChromium } from '../../dev/browser/chromium.mjs';
import { Environment } from '../../dev/environment/environment.mjs';
import { inRepository } from '../../dev/setup/repository.mjs';
import { PATIENCE_MS, Person } from './person.mjs';

/** Where logs, screenshots and what browsers recorded are kept. */
const ARTEFACTS = 'target/test-output/backstage';

/** One for all tests: who stops a part of it starts it again. */
export const environment = await Environment.start(ARTEFACTS);
const browser = await launchChromium();

after(async () => {
  await browser.close();
  await environment.stop();
});

/** @param {string} name of a file that is kept */
export function artefact(name) {
  return inRepository(join(ARTEFACTS, name));
}

/**
 * Somebody at a new browser, signed in to Backstage; at the end of the test connected to no cluster any more.
 *
 * @param {import('node:test').TestContext} test
 * @param {'felix' | 'mara'} login
 * @param {import('../../dev/browser/chromium.mjs').BrowserContextOptions} [options]
 */
export async function personAt(test, login, options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const person = new Person(login, { context, page: await context.newPage(), url: environment.url, artefact });
  test.after(() => person.leave());
  await person.signIn();
  return person;
}
