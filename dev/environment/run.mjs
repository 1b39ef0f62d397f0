#!/usr/bin/env node
// The environment until Ctrl-C; with --headless until it has answered. Run by backstage.mjs.
import { once } from 'node:events';

import { PASSWORD } from '../idp/accounts.mjs';
import { duration, say, step } from '../setup/steps.mjs';
import { Environment } from './environment.mjs';

const LOGS = 'target/backstage';

/** The helper's own port. */
const HELPER = 'http://localhost:8888';

/**
 * @param {Environment} environment
 * @throws when a part does not answer as it should
 */
async function check(environment) {
  for (const url of [`${environment.url}/`, `${environment.url}/api/cluster-auth/info`, `${HELPER}/healthz`]) {
    const { status } = await fetch(url);
    if (status !== 200) {
      throw new Error(`${url} answers ${status}`);
    }
  }
}

/** @param {Environment} environment */
function introduce(environment) {
  say(`
Open ${environment.url} and sign in as felix or mara, password ${PASSWORD}.
The component web is felix's, api is mara's. "Get K8s access" is on their overview, the pods are in their Kubernetes tab.
The helper runs already, at ${HELPER}. Logs are in ${LOGS}.
Press Ctrl-C to stop everything.`);
}

/** @returns {Promise<void>} until Ctrl-C */
async function interrupted() {
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
}

const began = performance.now();
const stopped = interrupted();
try {
  const environment = await step('start', () => Environment.start(LOGS));
  try {
    await check(environment);
    if (!process.argv.includes('--headless')) {
      introduce(environment);
      await stopped;
    }
  } finally {
    await environment.stop();
  }
  say(`backstage: ok (8 parts, ${duration(performance.now() - began)})`);
  process.exit(0);
} catch (error) {
  say(`backstage: failed (${error instanceof Error ? error.message : error}; logs are in ${LOGS})`);
  process.exit(1);
}
