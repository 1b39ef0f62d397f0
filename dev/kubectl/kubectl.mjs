#!/usr/bin/env node
// `make kubectl`: kubectl and helm through the backend, before a cluster with a node; with `real`, `make kubectl-real`, before
// kube-apiserver; with `hours`, `make kubectl-hours`, for eight hours of a moved clock.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { CommandFailed, tailOf } from '../setup/command.mjs';
import { NEEDS } from '../setup/needs.mjs';
import { inOwnNetwork, runInForeground } from '../setup/own-network.mjs';
import { buildProgram } from '../setup/program.mjs';
import { inRepository } from '../setup/repository.mjs';
import { setUp } from '../setup/setup.mjs';
import { say, step, StepFailed } from '../setup/steps.mjs';
import { AS_ROOT } from '../suites/suites.mjs';

const LOG = inRepository('target/kubectl-setup.log');

/** What runs for each word on the command line. */
const TARGETS = /** @type {const} */ ({
  '': { TARGET: 'kubectl', script: 'run.mjs' },
  real: { TARGET: 'kubectl-real', script: 'run.mjs' },
  hours: { TARGET: 'kubectl-hours', script: 'hours.mjs' },
});

const { TARGET, script } = TARGETS[/** @type {keyof typeof TARGETS} */ (process.argv[2] ?? '')];
const RUN = fileURLToPath(new URL(script, import.meta.url));
const NEEDED = TARGET === 'kubectl' && process.env['KUBECTL_TESTS'] === 'brief' ? 'kubectl KUBECTL_TESTS=brief' : TARGET;

/** An API server takes an issuer under https alone: all that this starts are to trust its certificate. */
async function trustIssuer() {
  // Its packages are not there before the setup.
  const { issueCertificates } = await import('../cluster/certificates.mjs');
  const folder = inRepository('target/kubectl-issuer');
  await mkdir(folder, { recursive: true });
  const { authority, certificate, key } = await issueCertificates(new Date());
  await writeFile(`${folder}/ca.crt`, authority);
  await writeFile(`${folder}/server.crt`, certificate);
  await writeFile(`${folder}/server.key`, key, { mode: 0o600 });
  Object.assign(process.env, { ISSUER_CERTIFICATES: folder, NODE_EXTRA_CA_CERTS: `${folder}/ca.crt` });
}

try {
  await rm(LOG, { force: true });
  await step('setup', () => setUp(NEEDS[NEEDED], LOG));
  await step('program', () => buildProgram({ log: LOG }));
  if (TARGET === 'kubectl-real') {
    await trustIssuer();
  }
  process.exitCode = await runInForeground([...AS_ROOT, ...inOwnNetwork([process.execPath, RUN])]);
} catch (error) {
  if (error instanceof StepFailed || error instanceof CommandFailed) {
    say(await tailOf(LOG, 20));
  }
  say(`${TARGET}: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
