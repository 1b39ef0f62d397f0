import { randomBytes } from 'node:crypto';

import { freePort } from '../../dev/idp/loopback.mjs';
import { control } from '../../dev/idp/scripted-login.mjs';
import { inRepository } from '../../dev/setup/repository.mjs';
import { cookiesOf } from '../parties/login.mjs';
import { benchProgram } from '../programs.mjs';
import { listening, LOGS, pidOf, serverProgram } from './program.mjs';

/** It wants one, as a confidential client. */
const SECRET = 'a secret for the bench';

/**
 * Logs a user in there.
 *
 * @param {import('./peer.mjs').Peer} proxy
 * @param {string} issuer which takes the secret meanwhile; it has no other client that shows one
 * @returns {Promise<string>} the session's cookie
 */
export async function sessionOf(proxy, issuer) {
  await control(issuer, 'POST profile', { client: { method: 'client_secret_basic', secret: SECRET } });
  const cookie = await cookiesOf(`${proxy.url}/oauth2/start?rd=/`);
  await control(issuer, 'POST profile', {});
  return cookie;
}

/** Whether it writes its lines for a request, as it does where it is not told otherwise, or none. @typedef {'with lines' | 'without lines'} Lines */

/**
 * oauth2-proxy with its sessions in Redis.
 *
 * @param {string} issuer
 * @param {string} redis
 * @param {Lines} lines into a file, as ours writes its audit log
 * @returns {Promise<import('./peer.mjs').Peer>} it answers `/oauth2/auth` with the ID token, as an ingress asks it to
 */
export async function startOauth2Proxy(issuer, redis, lines) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const name = `oauth2-proxy-${lines.replaceAll(' ', '-')}`;
  const logging = lines === 'with lines' ? [`--logging-filename=${inRepository(LOGS)}/${name}.requests.log`] : ['--request-logging=false', '--auth-logging=false'];
  const program = serverProgram(name, [
    benchProgram('oauth2-proxy'),
    `--http-address=127.0.0.1:${port}`, '--provider=oidc', `--oidc-issuer-url=${issuer}`, '--client-id=kubernetes', `--client-secret=${SECRET}`,
    `--cookie-secret=${randomBytes(16).toString('hex')}`, '--cookie-secure=false', '--email-domain=*', '--upstream=static://202',
    '--session-store-type=redis', `--redis-connection-url=${redis}`, `--redirect-url=${url}/oauth2/callback`, '--skip-provider-button',
    '--code-challenge-method=S256', '--set-authorization-header', ...logging,
  ]);
  await listening(program, port);
  return { url, pid: pidOf(program), stop: () => program.stop() };
}
