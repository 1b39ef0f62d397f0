import assert from 'node:assert/strict';
import { it } from 'node:test';

import { browser, front, NAME, userAt } from './environment.mjs';
import { DevApp } from './port-8000.mjs';
import { CALLBACK } from './provider-front.mjs';
import { until } from './until.mjs';

/** @param {string} state */
function otherCase(state) {
  return state.replaceAll(/[a-zA-Z]/g, (letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()));
}

/** What goes to port 8000 as it is, by what is asked for there. @type {Record<string, (state: string) => string>} */
const OTHERS = {
  'in the other case': (state) => `/?code=other&state=${otherCase(state)}`,
  'a prefix of it': (state) => `/?code=other&state=${state.slice(0, -1)}`,
  'longer at its end': (state) => `/?code=other&state=${state}x`,
  'longer at its beginning': (state) => `/?code=other&state=x${state}`,
  'another login': () => `/?code=other&state=${'o'.repeat(43)}`,
  'another path': (state) => `/other?code=other&state=${state}`,
  'another parameter': (state) => `/?code=other&xstate=${state}`,
  'no query': () => '/',
};

it(`${NAME}: only the exact state at the exact address is caught, while a login runs`, async (test) => {
  const user = userAt(test, browser);
  const app = await DevApp.start();
  test.after(() => app.stop());
  const login = await user.begin();
  await login.atProvider();
  for (const [name, pathFor] of Object.entries(OTHERS)) {
    const path = pathFor(login.state);
    const tab = await browser.newTab();
    // As a provider sends it, over another host.
    await tab.open(front.hop(new URL(path, CALLBACK), 1));
    await until(`${name} arrives at the app`, () => app.requests.includes(`GET ${path}`));
    await until('the app is shown', async () => (await tab.address()) === new URL(path, CALLBACK).href);
    await tab.close();
  }
  await login.logIn();
  assert.equal((await login.result()).ok, true);
  const sent = front.callbacks.at(-1);
  assert.deepEqual(app.requests.filter((request) => request.includes(sent?.searchParams.get('code') ?? '-')), []);
});

it(`${NAME}: frames and fetches with the exact state are not caught, and the login goes on`, async (test) => {
  const user = userAt(test, browser);
  const app = await DevApp.start();
  test.after(() => app.stop());
  const login = await user.begin();
  await login.atProvider();
  const tab = await browser.newTab();
  await tab.open(CALLBACK);
  const path = `/?code=other&state=${login.state}`;
  await until('the app is shown', async () => (await tab.address()) === CALLBACK);
  const text = await tab.run(async (address) => {
    const frame = document.createElement('iframe');
    frame.src = `${address}&in=frame`;
    const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
    document.body.append(frame);
    await loaded;
    const fetched = await fetch(`${address}&in=fetch`);
    return `${frame.contentDocument?.title} ${fetched.status}`;
  }, path);
  assert.equal(text, 'Another app 200');
  assert.deepEqual(app.requests.filter((request) => request.includes(login.state)), [`GET ${path}&in=frame`, `GET ${path}&in=fetch`]);
  await login.logIn();
  assert.equal((await login.result()).ok, true);
});
