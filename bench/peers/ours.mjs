import { mkdir, rm } from 'node:fs/promises';

import { inRepository } from '../../dev/setup/repository.mjs';
import { LOGS, pidOf, serverProgram } from './program.mjs';

/** 32 bytes. */
const SEALING_KEY = 'bench:dGhpcnR5LXR3byBieXRlcyBvZiBhIHRlc3Qga2V5ISE=';

/** @typedef {{kind: 'process'} | {kind: 'file'} | {kind: 'redis', url: string}} Store */

/**
 * @typedef {object} Around what stands around a backend
 * @property {string} backstage
 * @property {string} issuer
 * @property {{url: string, caFile: string}} [cluster]
 */

/** Our backend, as a release builds it. */
export class Ours {
  #program;

  /** @param {import('../../dev/demo/program.mjs').Program} program @param {{address: string, control_address: string}} addresses */
  constructor(program, addresses) {
    this.#program = program;
    this.url = `http://${addresses.address}`;
    this.controlUrl = `http://${addresses.control_address}`;
  }

  /**
   * @param {string} name
   * @param {string} binary
   * @param {Around} around
   * @param {Store} store
   * @param {Record<string, string | undefined>} [more] settings; undefined takes one away
   */
  static async start(name, binary, around, store, more = {}) {
    const audit = inRepository(LOGS, `${name}.audit.log`);
    await mkdir(inRepository(LOGS), { recursive: true });
    const settings = { ...settingsOf(around), AUDIT_LOG: audit, ...(await settingsOfStore(name, store)), ...more };
    const set = Object.fromEntries(Object.entries(settings).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
    const program = serverProgram(name, [binary, 'backend'], set);
    return new Ours(program, JSON.parse(await program.line(/"message":"listening"/)));
  }

  get pid() {
    return pidOf(this.#program);
  }

  /**
   * @param {string} series
   * @returns {Promise<number>} its value among the metrics, 0 where there is none
   */
  async metric(series) {
    const text = await (await fetch(`${this.controlUrl}/metrics`)).text();
    const line = text.split('\n').find((one) => one.startsWith(`${series} `));
    return Number(line?.slice(series.length + 1) ?? 0);
  }

  stop() {
    return this.#program.stop();
  }
}

/** @param {Around} around @returns {Record<string, string>} */
function settingsOf({ backstage, issuer, cluster }) {
  return {
    BACKSTAGE_URL: backstage,
    LISTEN: '127.0.0.1:0',
    CONTROL_LISTEN: '127.0.0.1:0',
    DRAIN_DELAY: '0s',
    LOG_FORMAT: 'json',
    CLUSTER_NAME: 'dev',
    OIDC_ISSUER_URL: issuer,
    OIDC_CLIENT_ID: 'kubernetes',
    // All are Felix at the quick identity provider, which is beside the point here.
    IDENTITY_RULE: 'any',
    USER_TOKENS: 'full',
    // The load comes from one address, and begins more logins than people do.
    REGISTRATIONS_PER_MINUTE: '4000000000',
    ...(cluster && { KUBERNETES_API_URL: cluster.url, KUBERNETES_CA_FILE: cluster.caFile }),
  };
}

/** @param {string} name @param {Store} store @returns {Promise<Record<string, string>>} */
async function settingsOfStore(name, store) {
  if (store.kind === 'process') {
    return {};
  }
  if (store.kind === 'redis') {
    return { REDIS_URL: store.url, TOKEN_ENCRYPTION_KEYS: SEALING_KEY };
  }
  const folder = inRepository('target/bench/store', name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return { STORE_FILE: `${folder}/logins.db`, TOKEN_ENCRYPTION_KEYS: SEALING_KEY };
}
