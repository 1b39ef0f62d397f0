import { join } from 'node:path';
import { after } from 'node:test';

import { launchChromium } from '../../dev/browser/chromium.mjs';
import { Environment } from '../../dev/environment/environment.mjs';
import { inRepository } from '../../dev/setup/repository.mjs';
import { PATIENCE_MS, Person } from './person.mjs';

/** The folder for logs, screenshots and recordings of browsers. */
const ARTEFACTS = 'target/test-output/backstage';

/** How much is tested: `brief` in `make test`, all of it in `make backstage-test`. */
export const IS_WHOLE = process.env['BROWSER_TESTS'] !== 'brief';

/** One environment for all tests: a test that stops a part of it starts it again. */
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
 * A person at a new browser, signed in to Backstage; disconnected from all clusters at the end of the test.
 *
 * @param {import('node:test').TestContext} test
 * @param {'felix' | 'mara'} login
 * @param {import('../../dev/browser/chromium.mjs').BrowserContextOptions} [options]
 */
export async function personAt(test, login, options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const person = new Person(login, { context, page: await context.newPage(), url: environment.url, artefact });
  test.after(async () => {
    // The last state of the page, for failed tests.
    await person.keepPicture(`end of ${test.name.replaceAll(/\W+/g, '-')} ${login}`);
    await person.leave();
  });
  await person.signIn();
  return person;
}
