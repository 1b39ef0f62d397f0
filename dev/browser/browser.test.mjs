import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startProcess } from '../idp/started-process.mjs';

const PAGE = `<!doctype html><title>Page</title><h1>Hello</h1>
  <form method="post" action="/sent"><input name="word"><button value="send">Send</button></form>`;

const server = createServer((request, response) => {
  if (request.url === '/start') {
    response.writeHead(302, { location: '/', 'set-cookie': 'visited=yes' }).end();
  } else {
    const status = request.url === '/favicon.ico' ? 404 : 200;
    response.writeHead(status, { 'content-type': 'text/html' }).end(request.url === '/sent' ? '<h1>Sent</h1>' : PAGE);
  }
});

/** A driver in a process of its own. */
class Driver {
  #child = spawn(process.execPath, [fileURLToPath(new URL('browser.mjs', import.meta.url))], { stdio: ['pipe', 'pipe', 'inherit'] });
  #lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  #exited = once(this.#child, 'exit');

  async answer() {
    return JSON.parse((await this.#lines.next()).value);
  }

  /** @param {object | string} command */
  async send(command) {
    this.#child.stdin.write(`${typeof command === 'string' ? command : JSON.stringify(command)}\n`);
    return this.answer();
  }

  /** @param {NodeJS.Signals} [signal] instead of closing standard input */
  async end(signal) {
    if (signal) {
      this.#child.kill(signal);
    } else {
      this.#child.stdin.end();
    }
    return (await this.#exited)[0];
  }
}

/** @type {Driver} */
let driver;
let base = '';

before(async () => {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  base = `http://127.0.0.1:${Object(server.address()).port}`;
  driver = new Driver();
  assert.deepEqual(await driver.answer(), { role: 'browser' });
});

after(async () => {
  assert.equal(await driver.end(), 0);
  server.close();
  server.closeAllConnections();
});

it('opens a page, fills it in and waits for what follows', async () => {
  assert.deepEqual(await driver.send({ op: 'open', url: `${base}/start` }), { ok: true, url: `${base}/`, status: 200 });
  const { title, text, html } = await driver.send({ op: 'content' });
  assert.deepEqual([title, text.split('\n')[0]], ['Page', 'Hello']);
  assert.match(html, /<h1>Hello<\/h1>/);
  await driver.send({ op: 'fill', selector: 'input[name=word]', value: 'word' });
  assert.deepEqual(await driver.send({ op: 'evaluate', expression: 'document.forms[0].word.value' }), { ok: true, value: 'word' });
  await driver.send({ op: 'click', selector: 'button[value=send]' });
  assert.deepEqual(await driver.send({ op: 'waitFor', urlPrefix: `${base}/sent` }), { ok: true, url: `${base}/sent` });
  assert.equal((await driver.send({ op: 'waitFor', text: 'Sent' })).ok, true);
  assert.equal((await driver.send({ op: 'waitFor', selector: 'h1' })).ok, true);
  const { requests } = await driver.send({ op: 'requests' });
  assert.deepEqual(requests.filter((/** @type {{url: string}} */ { url }) => !url.endsWith('.ico')), [
    { url: `${base}/start`, method: 'GET', status: 302 },
    { url: `${base}/`, method: 'GET', status: 200 },
    { url: `${base}/sent`, method: 'POST', status: 200 },
  ]);
});

it('keeps the cookies of two contexts apart', async () => {
  await driver.send({ op: 'open', url: `${base}/start`, context: 'felix' });
  await driver.send({ op: 'open', url: base, context: 'mara' });
  const [felix, mara] = [await driver.send({ op: 'cookies', context: 'felix' }), await driver.send({ op: 'cookies', context: 'mara' })];
  assert.deepEqual([felix.cookies[0].value, mara.cookies], ['yes', []]);
  assert.deepEqual(await driver.send({ op: 'close', context: 'mara' }), { ok: true });
  assert.match((await driver.send({ op: 'content', context: 'mara' })).error, /There is no context mara/);
});

it('takes screenshots', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'browser-'));
  const path = join(directory, 'page.png');
  await driver.send({ op: 'open', url: base });
  assert.deepEqual(await driver.send({ op: 'screenshot', path }), { ok: true, path });
  assert.equal((await readFile(path)).subarray(1, 4).toString(), 'PNG');
  await rm(directory, { recursive: true });
});

it('logs in at the development identity provider', async () => {
  const idp = await startProcess('idp.mjs', [
    '--extra-client-id', 'backstage', '--extra-client-secret', 'secret', '--extra-redirect', `${base}/callback`,
  ]);
  const url = new URL('authorize', idp.announcement.issuer);
  const { authorization_endpoint: endpoint } = Object(
    await (await fetch(new URL('.well-known/openid-configuration', idp.announcement.issuer))).json(),
  );
  url.href = endpoint;
  url.search = String(new URLSearchParams({
    client_id: 'backstage', redirect_uri: `${base}/callback`, response_type: 'code', scope: 'openid', state: 'state',
  }));
  await driver.send({ op: 'open', url: url.href, context: 'login' });
  assert.deepEqual(await driver.send({ op: 'loginAtIdp', login: 'felix', password: 'dev', context: 'login' }), { ok: true });
  const arrived = await driver.send({ op: 'waitFor', urlPrefix: `${base}/callback?`, context: 'login' });
  assert.match(new URL(arrived.url).searchParams.get('code') ?? '', /.+/);
  assert.equal(await idp.stop(), 0);
});

it('answers commands that cannot be carried out and goes on', async () => {
  for (const [command, error] of /** @type {[object | string, RegExp][]} */ ([
    ['not JSON', /not valid JSON/],
    ['[]', /a JSON object/],
    [{ op: 'toString' }, /There is no command toString; use one of open, /],
    [{ op: 'open' }, /needs a text in "url"/],
    [{ op: 'open', url: 'http://127.0.0.1:1/' }, /ERR_/],
    [{ op: 'waitFor', text: 'never', timeoutMs: 100 }, /Timeout 100ms exceeded/],
  ])) {
    const answer = await driver.send(command);
    assert.equal(answer.ok, false);
    assert.match(answer.error, error);
  }
  assert.equal((await driver.send({ op: 'open', url: base })).ok, true);
});

it('opens a page right after one that does not answer, however often', async () => {
  for (let time = 0; time < 5; time += 1) {
    assert.match((await driver.send({ op: 'open', url: 'http://127.0.0.1:1/', context: 'unanswered' })).error, /ERR_/);
    assert.equal((await driver.send({ op: 'open', url: base, context: 'unanswered' })).error, undefined);
  }
});

it('ends on SIGTERM and on close', async () => {
  for (const end of [
    (/** @type {Driver} */ other) => other.end('SIGTERM'),
    async (/** @type {Driver} */ other) => {
      assert.deepEqual(await other.send({ op: 'close' }), { ok: true });
      return other.end();
    },
  ]) {
    const other = new Driver();
    await other.answer();
    assert.equal(await end(other), 0);
  }
});
