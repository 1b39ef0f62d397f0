// A driver's call that is not answered is named, with all that is needed to find out why: no test waits for it for ever.
import assert from 'node:assert/strict';
import { appendFile } from 'node:fs/promises';
import { it } from 'node:test';

import { ChromiumWithExtension } from './browsers/chromium.mjs';
import { answerTo, inTime, until } from './until.mjs';

/** @returns {Promise<never>} that never ends */
const never = () => new Promise(() => {});

it('a call of a driver that is not answered is named, also by what waits for more than it', async () => {
  const waiting = answerTo('a new tab', never, async () => 'page about:blank\n | a line', 20);
  const named = { message: 'no answer at all; a new tab, asked for 0 s ago: page about:blank | a line' };
  await Promise.all([assert.rejects(inTime(() => waiting, 10), named), assert.rejects(waiting, named)]);
  await assert.rejects(inTime(never, 10), { message: 'no answer at all' });
});

it('Chromium says what it holds and what it has written, without what is secret in an address', async (test) => {
  const chromium = await ChromiumWithExtension.launch({ granted: [] });
  test.after(() => chromium.discard());
  const tab = await chromium.newTab();
  await tab.open(`${chromium.origin}/options.html?code=secret`);
  await appendFile(`${chromium.profile}.log`, 'a line about http://localhost:8000/?code=secret, the last\n');
  // The browser itself learns of the address a moment after the page is there: it is in another process then.
  const page = `page ${chromium.origin}/options.html`;
  await until('the browser names the page', async () => (await chromium.facts()).includes(page));
  const facts = await chromium.facts();
  assert.ok(facts.includes(`service_worker ${chromium.origin}/background.js`), facts);
  assert.ok(facts.endsWith('a line about http://localhost:8000/ the last'), facts);
  assert.ok(!facts.includes('secret'), facts);
});
