import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startProcess } from '../idp/started-process.mjs';
import { CLIENT_ID } from './token-issuer.mjs';

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {import('node:http').IncomingHttpHeaders} headers
 * @property {string} body
 */

/** A cluster in a process of its own, and a client that trusts its certificate. */
export class StartedCluster {
  #process;
  #directory;
  #authority;

  /**
   * @param {import('../idp/started-process.mjs').StartedProcess} process
   * @param {string} directory
   * @param {string} authority
   */
  constructor(process, directory, authority) {
    this.#process = process;
    this.#directory = directory;
    this.#authority = authority;
    this.url = `https://127.0.0.1:${process.announcement.port}`;
    this.caFile = join(directory, 'ca.pem');
  }

  /**
   * @param {string} issuer
   * @param {string} [clientId] the client that its users' tokens are for
   * @param {string[]} [more] arguments
   */
  static async start(issuer, clientId = CLIENT_ID, more = []) {
    const directory = await mkdtemp(join(tmpdir(), 'cluster-'));
    const caFile = join(directory, 'ca.pem');
    const options = ['--issuer', issuer, '--client-id', clientId, '--ca-out', caFile, ...more];
    const process = await startProcess('../cluster/cluster.mjs', options);
    return new StartedCluster(process, directory, await readFile(caFile, 'utf8'));
  }

  /**
   * @param {string} path sent byte for byte
   * @param {{method?: string, headers?: Record<string, string>, token?: string, body?: string}} [options]
   * @returns {Promise<import('node:http').IncomingMessage>} its body not yet read
   */
  open(path, { method = 'GET', headers = {}, token, body } = {}) {
    const authorization = token ? { authorization: `Bearer ${token}` } : {};
    return new Promise((resolve, reject) => {
      const sent = request(this.url, { path, method, ca: this.#authority, headers: { ...headers, ...authorization } });
      sent.once('response', resolve).once('error', reject).end(body);
    });
  }

  /**
   * @param {string} path
   * @param {{token?: string}} [options]
   * @returns {Promise<import('node:stream').Duplex | number>} the upgraded connection, or the status of another answer
   */
  upgrade(path, { token } = {}) {
    const authorization = token ? { authorization: `Bearer ${token}` } : {};
    const headers = { connection: 'Upgrade', upgrade: 'SPDY/3.1', ...authorization };
    return new Promise((resolve, reject) => {
      const sent = request(this.url, { path, method: 'POST', ca: this.#authority, headers });
      sent.once('upgrade', (_, socket) => resolve(socket));
      sent.once('response', (response) => resolve(response.resume().statusCode ?? 0)).once('error', reject).end();
    });
  }

  /**
   * @param {Parameters<StartedCluster['open']>} call
   * @returns {Promise<Answer>}
   */
  async call(...call) {
    const response = await this.open(...call);
    const chunks = [];
    for await (const chunk of response) {
      chunks.push(chunk);
    }
    return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString('utf8') };
  }

  async stop() {
    const code = await this.#process.stop();
    await rm(this.#directory, { recursive: true });
    return code;
  }
}
