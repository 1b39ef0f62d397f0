import assert from 'node:assert/strict';
import { request as ask } from 'node:http';
import { it } from 'node:test';

import { LoopbackServer } from '../../dev/idp/loopback.mjs';
import { browser, chromium, configure, environment, forgetConfirmed, NAME, PORTAL, userAt } from './environment.mjs';
import { outcomeOf } from './portal-user.mjs';
import { until } from './until.mjs';

/**
 * @typedef {import('./browsers/browser.mjs').ExtendedBrowser} ExtendedBrowser
 * @typedef {import('node:test').TestContext} TestContext
 */

/**
 * A portal with a backend that leaves the first question for a session without an answer.
 *
 * @param {TestContext} test
 * @param {ExtendedBrowser} browser
 */
async function slowBackend(test, browser) {
  const server = await LoopbackServer.listen(0);
  const backend = { asked: 0 };
  server.serve((request, response) => {
    const { method, url = '/', headers } = request;
    if (url.endsWith('/session')) {
      backend.asked += 1;
      if (backend.asked === 1) {
        return;
      }
    }
    const { hostname: host, port } = new URL(environment.url);
    request.pipe(ask({ host, port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    }));
  });
  await configure(browser, [{ ...PORTAL, backendUrl: `http://localhost:${server.port}` }]);
  test.after(async () => {
    await configure(browser, [PORTAL]);
    server.close();
  });
  return backend;
}

/** Ends the background while it waits for the backend. @type {Record<typeof NAME, { how: string, end: () => Promise<void> }>} */
const ENDS = {
  Chromium: {
    how: 'is killed',
    // The next question starts another at once, so that what waits for its end would wait in vain.
    end: () => chromium().stopWorkers().then(() => {}),
  },
  Firefox: {
    how: 'is put to sleep',
    end: async () => {
      const options = await browser.newTab();
      await options.open(`${browser.origin}/options.html`);
      await until('the background sleeps', () => options.run(() => chrome.extension.getBackgroundPage() === null, undefined));
      await options.close();
    },
  },
};

const { how, end } = ENDS[NAME];

it(`${NAME}: the background ${how} while the backend is asked for the session, and the login begins all the same, once`, async (test) => {
  const user = userAt(test, browser);
  await forgetConfirmed(browser);
  const backend = await slowBackend(test, browser);
  const login = await user.begin();
  await until('the backend was asked', () => backend.asked === 1);
  const before = (await browser.tabs()).length;
  await end();
  const tab = await login.tab();
  await until('the account is shown', async () => (await outcomeOf(tab)) === 'confirm');
  assert.equal(backend.asked, 2);
  assert.equal((await browser.tabs()).length, before + 1);
  await login.logIn();
  assert.equal((await login.result()).ok, true);
});
