import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { PASSWORD } from '../idp/accounts.mjs';
import { podsIn, printed } from '../portal/kubernetes-view.mjs';
import { CLUSTER, FOREIGN_NAMESPACE, OWN_NAMESPACE } from '../portal/portal.mjs';
import { say, step } from '../setup/steps.mjs';
import { plainEnvironment, PROGRAM } from './program.mjs';

/**
 * Lets the person log in, and shows what the login is good for until they press Enter.
 *
 * @param {import('./parts.mjs').Parts} parts
 * @param {(figures: string) => void} done called once the pods are shown
 */
export async function logInByPerson(parts, done) {
  const backend = await step('start', () => parts.start());
  say(`\nLog in as felix, password ${PASSWORD}. This is the helper:\n`);
  const helper = spawn(PROGRAM, ['login', '--backend', backend], { env: plainEnvironment(), stdio: 'inherit' });
  const [code] = await once(helper, 'exit');
  if (code !== 0) {
    throw new Error(`the helper ended with ${code} and said why above`);
  }
  done(await show(backend));
  await enough();
}

/** @param {string} backend */
async function show(backend) {
  const own = await podsIn(backend, CLUSTER, OWN_NAMESPACE);
  if (!('pods' in own)) {
    throw new Error(`felix's own pods: ${own.refusal}`);
  }
  const foreign = await podsIn(backend, CLUSTER, FOREIGN_NAMESPACE);
  if ('pods' in foreign) {
    throw new Error("mara's pods are felix's to see");
  }
  say(`\nYour pods in ${OWN_NAMESPACE}, through the backend:\n\n${printed(own.pods)}`);
  say(`\nMara's pods in ${FOREIGN_NAMESPACE} stay hers: ${foreign.refusal}`);
  say(`\nTry it yourself: curl ${backend}/api/cluster-auth/clusters/${CLUSTER}/proxy/api/v1/namespaces`);
  return `${own.pods.rows.length} pods of felix, none of mara`;
}

/** Until Enter; not at all without a terminal. */
async function enough() {
  if (process.stdin.isTTY) {
    say('Press Enter to stop everything.');
    await Promise.race([once(process.stdin, 'data'), once(process.stdin, 'end')]);
    process.stdin.pause();
  }
}
