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
export function askOnce(url, { method = 'GET', path, bearer, body, type = 'application/json', accept, ca }, cookie) {
  const headers = {
    ...(bearer && { authorization: `Bearer ${bearer}` }),
    ...(cookie && { cookie }),
    ...(accept && { accept }),
    ...(body && { 'content-type': type }),
  };
  return new Promise((resolve, reject) => {
    const { Agent, request } = clientOf(url);
    const agent = new Agent({ keepAlive: true });
    const sent = request(`${url}${path}`, { method, headers, agent, ...(ca && { ca }) }, (response) => {
      const socket = response.socket;
      /** @type {Buffer[]} */
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, bytes: socket.bytesRead, body, headers: response.headers });
        agent.destroy();
      });
    });
    // As wrk, which has no such header: Apache answers one with two of its own.
    sent.removeHeader('connection');
    sent.once('error', reject).end(body);
  });
}
