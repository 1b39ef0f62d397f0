import { clientOf } from './client-of.mjs';

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {number} bytes of the whole answer, with its head
 * @property {string} body
 * @property {import('node:http').IncomingHttpHeaders} headers
 */

/**
 * Asks once and reads the whole answer, on a connection of its own.
 *
 * @param {string} url of the server, without a path
 * @param {import('./wrk.mjs').Asked & {type?: string, accept?: string, ca?: string}} asked JSON, unless its type says otherwise
 * @param {string} [cookie]
 * @returns {Promise<Answer>}
 */
export async function askOnce(url, asked, cookie) {
  const agent = agentOf(url);
  try {
    return await askBy(agent, url, asked, cookie);
  } finally {
    agent.destroy();
  }
}

/** @param {string} url @returns {import('node:http').Agent} keeps connections, until it is destroyed */
export function agentOf(url) {
  const { Agent } = clientOf(url);
  return new Agent({ keepAlive: true });
}

/**
 * The same on a connection that the agent has, if it has one.
 *
 * @param {import('node:http').Agent} agent
 * @param {string} url
 * @param {Parameters<typeof askOnce>[1]} asked
 * @param {string} [cookie]
 * @returns {Promise<Answer>}
 */
export function askBy(agent, url, { method = 'GET', path, bearer, body, type = 'application/json', accept, ca }, cookie) {
  const headers = {
    ...(bearer && { authorization: `Bearer ${bearer}` }),
    ...(cookie && { cookie }),
    ...(accept && { accept }),
    ...(body && { 'content-type': type }),
  };
  return new Promise((resolve, reject) => {
    const { request } = clientOf(url);
    const sent = request(`${url}${path}`, { method, headers, agent, ...(ca && { ca }) }, (response) => {
      const socket = response.socket;
      /** @type {Buffer[]} */
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, bytes: socket.bytesRead, body, headers: response.headers });
      });
    });
    // As wrk, which has no such header: Apache answers one with two of its own.
    sent.removeHeader('connection');
    sent.once('error', reject).end(body);
  });
}
