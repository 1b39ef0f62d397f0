import assert from 'node:assert/strict';
import { it } from 'node:test';

import { browser, inExtension, NAME, rulesIn, userAt } from './environment.mjs';
import { DevApp } from './port-8000.mjs';
import { CALLBACK } from './provider-front.mjs';
import { until } from './until.mjs';

/** The longest that rules may be there. */
const FIVE_MINUTES_MS = 5 * 60_000;

it(`${NAME}: when the alarm goes off that is set for the end of the session, at most five minutes away, no rule is left and the callback goes to the app on :8000`, async (test) => {
  const user = userAt(test, browser);
  const app = await DevApp.start();
  test.after(() => app.stop());
  // Logins of before have one, too: what is known of them is forgotten by it.
  const before = await inExtension(browser, alarms, undefined);
  const login = await user.begin();
  const provider = await login.atProvider();
  assert.ok((await rulesIn(browser)) > 0);
  const added = (await inExtension(browser, alarms, undefined)).filter(({ name }) => !before.some((alarm) => alarm.name === name));
  assert.deepEqual(added.map(({ name }) => name.split(':')[0]), ['end']);
  assert.ok(added.every(({ left }) => left <= FIVE_MINUTES_MS), JSON.stringify(added));
  await inExtension(browser, soundAlarms, undefined);
  const { ok, code } = await login.result();
  assert.deepEqual([ok, code], [false, 'session_expired']);
  await until('no rule is left', async () => (await rulesIn(browser)) === 0);
  const path = `/?code=late&state=${login.state}`;
  await provider.open(new URL(path, CALLBACK).href);
  await until('it arrives at the app', () => app.requests.includes(`GET ${path}`));
  assert.equal(await provider.run(() => document.title, undefined), 'Another app');
  assert.equal(await user.isConnected(), false);
});

async function alarms() {
  const all = await chrome.alarms.getAll();
  return all.map(({ name, scheduledTime }) => ({ name, left: scheduledTime - Date.now() }));
}

/** Nothing waits for five minutes here: the alarms that are set get another time, which is now. */
async function soundAlarms() {
  for (const { name } of await chrome.alarms.getAll()) {
    await chrome.alarms.create(name, { when: Date.now() });
  }
}
