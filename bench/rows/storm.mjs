import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

import { PASSWORD } from '../../dev/idp/accounts.mjs';
import { control, CookieJarClient } from '../../dev/idp/scripted-login.mjs';
import { startProcess } from '../../dev/idp/started-process.mjs';
import { startAround } from '../parties/around.mjs';
import { answerIn, begin, redeem } from '../parties/login.mjs';
import { Parts } from '../parties/parts.mjs';
import { Ours } from '../peers/ours.mjs';
import { Redis } from '../peers/redis.mjs';
import { versions } from '../programs.mjs';
import { USER } from './calls.mjs';
import { rowOf } from './row.mjs';

/** @typedef {{refreshes: number, allMs: number, withoutMs: number}} Storm */
/** @typedef {{issuer: string, replicas: Ours[], user: string, plugin: string}} Setting */

const REQUESTS = [1, 100, 10_000];
const REPLICAS = [1, 3];

/** The provider takes so long for a refresh: the requests are there before it has answered. */
const PROVIDER_MS = 1000;

/** More than that fill the queues of connections that wait to be accepted, and then the kernel is what is measured. */
const CONNECTIONS = 1000;

const PATH = '/api/cluster-auth/token?cluster=dev';

/** Many requests while a login has to be refreshed. @type {import('./row.mjs').Group} */
export const STORM = {
  name: 'storm',
  measure: (scale) => Parts.around(async (parts) => {
    const redis = await parts.add(Redis.start('party'));
    const { backstage, signing } = await startAround(parts);
    // The one that notices a refresh token that is used twice.
    const idp = await parts.add(startProcess('idp.mjs'));
    const { issuer } = idp.announcement;
    const [plugin = ''] = signing.pluginTokens(USER, 1);
    const candidates = [];
    for (const [number, { name, binary }] of versions().entries()) {
      for (const count of REPLICAS) {
        const replicas = [];
        for (let replica = 0; replica < count; replica += 1) {
          const logName = `storm-${name.replaceAll(' ', '-')}-${count}-${replica}`;
          const store = /** @type {const} */ ({ kind: 'redis', url: `${redis.url}/${number}` });
          const more = { OIDC_ORGANIZATION_ID: 'org_dev', OIDC_EXTRA_PARAMS: 'prompt=consent' };
          replicas.push(await parts.add(Ours.start(logName, binary, { backstage, issuer }, store, more)));
        }
        const setting = { issuer, replicas, user: signing.userToken(USER), plugin };
        for (const requests of REQUESTS) {
          const title = `${name}, ${requests.toLocaleString('en-US')} requests, ${count} ${count === 1 ? 'replica' : 'replicas'}`;
          candidates.push({ name: title, sample: () => storm(setting, requests) });
        }
      }
    }
    return [await rowOf({
      title: 'Refresh storms',
      about: `A login in Redis has to be refreshed, for which the provider takes ${PROVIDER_MS} ms; so many requests for its token come meanwhile, on at most
${CONNECTIONS} connections, which exactly one refresh has to serve. Beside it the same requests when nothing has to be refreshed.`,
      columns: [
        { figure: 'refreshes', heading: 'refreshes', digits: 0 },
        { figure: 'allMs', heading: 'until all are answered, ms', digits: 0 },
        { figure: 'withoutMs', heading: 'without a refresh, ms', digits: 0 },
      ],
    }, candidates, scale.turns)];
  }),
};

/**
 * @param {Setting} setting
 * @param {number} requests
 * @returns {Promise<Storm>}
 */
async function storm({ issuer, replicas, user, plugin }, requests) {
  const [first] = replicas;
  if (!first) {
    throw new Error('there is no replica');
  }
  const urls = replicas.map(({ url }) => url);
  await expiredLogin(first.url, issuer, user);
  await control(issuer, 'POST next', { endpoint: 'token', delayMs: PROVIDER_MS });
  const before = await refreshesAt(issuer);
  const allMs = await crowd(urls, plugin, requests);
  const refreshes = (await refreshesAt(issuer)) - before;
  if (refreshes !== 1) {
    throw new Error(`there were ${refreshes} refreshes instead of one`);
  }
  return { refreshes, allMs, withoutMs: await crowd(urls, plugin, requests) };
}

/** @param {string} issuer @returns {Promise<number>} */
async function refreshesAt(issuer) {
  return (await control(issuer, 'GET counts')).body.token.refresh_token;
}

/**
 * Logs the user in with an ID token that lives for a second, and waits until that is over.
 *
 * @param {string} backend
 * @param {string} issuer
 * @param {string} user
 */
async function expiredLogin(backend, issuer, user) {
  await control(issuer, 'POST id-token-lifetime', { seconds: 1 });
  const { sessionToken, authUrl } = await begin(backend, user);
  const browser = new CookieJarClient();
  const page = await browser.navigate(authUrl);
  const { url } = await browser.navigate(page.url, new URLSearchParams({ login: 'felix', password: PASSWORD, action: 'login' }));
  const { expiresAt } = await redeem(backend, { sessionToken, ...answerIn(url.searchParams) });
  await control(issuer, 'POST id-token-lifetime', { seconds: 3600 });
  // The token's own end is what is waited for, to the second that it is written in.
  await pause(Math.max(0, Date.parse(expiresAt) - Date.now()) + 1000);
}

/**
 * @param {string[]} urls of the replicas, which the requests are spread over
 * @param {string} plugin
 * @param {number} requests
 * @returns {Promise<number>} milliseconds until the last is answered rightly
 */
async function crowd(urls, plugin, requests) {
  const agent = new Agent({ keepAlive: true, maxSockets: Math.ceil(CONNECTIONS / urls.length) });
  const began = performance.now();
  try {
    await Promise.all(Array.from({ length: requests }, (_, number) => ask(agent, urls[number % urls.length] ?? '', plugin)));
    return performance.now() - began;
  } finally {
    agent.destroy();
  }
}

/** @param {Agent} agent @param {string} url @param {string} plugin @returns {Promise<void>} */
function ask(agent, url, plugin) {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${PATH}`, { agent, headers: { authorization: `Bearer ${plugin}` } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part) => {
        body += part;
      });
      response.once('error', reject).once('end', () => {
        const right = response.statusCode === 200 && body.includes('"token":"ey');
        right ? resolve() : reject(new Error(`${response.statusCode} ${body.slice(0, 300)}`));
      });
    });
    sent.once('error', reject).end();
  });
}
