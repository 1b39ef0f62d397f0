import assert from 'node:assert/strict';
import { it } from 'node:test';

import { control, logIn, redeem } from './scripted-login.mjs';
import { startProcess } from './started-process.mjs';

it('prints one line and nothing else on standard output, and ends with its standard input', async () => {
  const idp = await startProcess('idp.mjs');
  const { issuer, port } = idp.announcement;
  assert.deepEqual(idp.announcement, {
    role: 'idp', issuer: `http://localhost:${port}/`, port, clientId: 'kubernetes', organization: 'org_dev',
  });
  await redeem(issuer, await logIn(issuer));
  await fetch(new URL('oauth/revoke', issuer), { method: 'POST' });
  assert.equal(await idp.stop(), 0);
  assert.equal(idp.stdout.length, 1);
});

it('ends on SIGTERM, even with a request held', async () => {
  const idp = await startProcess('idp.mjs');
  const { issuer } = idp.announcement;
  await control(issuer, 'POST hold', { endpoint: 'token', when: 'before' });
  const cutOff = assert.rejects(redeem(issuer, { redirect: new URLSearchParams(), verifier: '' }), TypeError);
  await control(issuer, 'GET held');
  assert.equal(await idp.stop('SIGTERM'), 0);
  await cutOff;
});

it('answers on every address of localhost', async () => {
  const idp = await startProcess('idp.mjs');
  for (const host of ['127.0.0.1', '[::1]']) {
    const response = await fetch(`http://${host}:${idp.announcement.port}/.well-known/openid-configuration`);
    assert.equal(Object(await response.json()).issuer, idp.announcement.issuer);
  }
  await idp.stop();
});

it('calls itself what it is told to', async () => {
  const issuer = 'http://idp.example:8080/';
  const idp = await startProcess('idp.mjs', ['--issuer', issuer, '--organization', 'org_x']);
  const response = await fetch(`http://localhost:${idp.announcement.port}/.well-known/openid-configuration`);
  assert.equal(idp.announcement.issuer, issuer);
  assert.equal(Object(await response.json()).issuer, issuer);
  await idp.stop();
});
