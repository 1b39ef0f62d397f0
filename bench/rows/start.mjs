import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';

import { plainEnvironment } from '../../dev/demo/program.mjs';
import { pathOf } from '../../dev/setup/command.mjs';
import { inRepository } from '../../dev/setup/repository.mjs';
import { ALL, keptTo } from '../measuring/processors.mjs';
import { startAround } from '../parties/around.mjs';
import { Parts } from '../parties/parts.mjs';
import { imageSizes } from '../peers/images.mjs';
import { Ours } from '../peers/ours.mjs';
import { benchProgram, OURS, versions } from '../programs.mjs';
import { USER } from './calls.mjs';
import { rowOf } from './row.mjs';

/** The redirect URI's, which all of them listen on. */
const PORT = '8000';

/** Until each of them has done all that it does before a person logs in. */
const SETTLE_MS = '300';

/** A start takes milliseconds: more turns are had for nothing. */
const STARTS_A_TURN = 4;

const MIB = 1 << 20;

/** @typedef {{name: string, version?: string, line: string[], files: string[]}} Started */
/** @typedef {{listeningMs: number, peakMib: number, settledMib: number}} Start */
/** @typedef {Start & {binaryMib: number, imageMib?: number}} Figures */

/** How soon each listens for the redirect. @type {import('./row.mjs').Group} */
export const START = {
  name: 'start',
  measure: (scale) => Parts.around(async (parts) => {
    const around = await startAround(parts);
    const backend = await parts.add(Ours.start('start-backend', OURS, around, { kind: 'process' }, { CLUSTER_AUTH_DEV_USER: USER }));
    const images = await imageSizes();
    const candidates = await Promise.all(all(around.issuer, backend.url).map(async (started) => {
      const bytes = await Promise.all(started.files.map(async (file) => (await stat(file)).size));
      const binaryMib = bytes.reduce((sum, size) => sum + size, 0) / MIB;
      const imageMib = images[started.version ?? ''];
      return { name: started.name, sample: async () => ({ ...(await start(started, backend.url)), binaryMib, ...(imageMib && { imageMib }) }) };
    }));
    return [await row(candidates, scale.turns * STARTS_A_TURN)];
  }),
};

/** @param {import('../measuring/turns.mjs').Candidate<Figures>[]} candidates @param {number} turns @returns {Promise<import('./row.mjs').Row>} */
function row(candidates, turns) {
  const title = 'Start to listening';
  const compared = /** @type {const} */ ({ compared: true, better: 'least' });
  const about = `From the start of the process to the first connection on the redirect URI’s port, ${turns} times each; the most memory that it had
resident by then, and 0.3 s later. kubelogin and the script ask their issuer or backend first, ours binds first. Of Node’s script the size is Node’s;
an image is the last stage of our Dockerfile around this binary.`;
  /** @type {import('./row.mjs').Column[]} */
  const columns = [
    { figure: 'listeningMs', heading: 'ms', digits: 1, ...compared },
    { figure: 'peakMib', heading: 'MiB then', digits: 1, ...compared },
    { figure: 'settledMib', heading: 'MiB later', digits: 1 },
    { figure: 'binaryMib', heading: 'MiB on the disk', digits: 1 },
    { figure: 'imageMib', heading: 'MiB as an image', digits: 1 },
  ];
  return rowOf({ title, about, columns }, candidates, turns);
}

/** @param {string} issuer @param {string} backend @returns {Started[]} */
function all(issuer, backend) {
  const kubelogin = benchProgram('kubelogin');
  const script = inRepository('bench/peers/seed-listener.mjs');
  const issuerArguments = [`--oidc-issuer-url=${issuer}`, '--oidc-client-id=kubernetes', `--listen-address=127.0.0.1:${PORT}`];
  return [
    ...versions().map(({ name, binary }) => ({ name: `${name}, login`, version: name, line: [binary, 'login', '--backend', backend, '--no-browser'], files: [binary] })),
    {
      name: 'kubelogin',
      line: [kubelogin, 'get-token', ...issuerArguments, '--skip-open-browser', `--token-cache-dir=${inRepository('target/bench/kubelogin')}`],
      files: [kubelogin],
    },
    { name: 'the seed’s script, Node', line: [process.execPath, script], files: [process.execPath, script] },
    { name: 'actix-web, bare', line: [benchProgram('memory-answers'), `127.0.0.1:${PORT}`], files: [benchProgram('memory-answers')] },
  ];
}

/**
 * @param {Started} started
 * @param {string} backend
 * @returns {Promise<Start>}
 */
async function start({ line }, backend) {
  // The stopwatch and the program take a processor each of all.
  const [command = '', ...args] = keptTo(ALL, [benchProgram('start-timer'), PORT, SETTLE_MS, ...line]);
  // The script opens a browser by name, which it is not to find.
  const path = line[0] === process.execPath ? { PATH: '/nonexistent' } : {};
  const env = { ...plainEnvironment(), BACKSTAGE_URL: backend, ...path };
  const { stdout } = await promisify(execFile)(pathOf(command) ?? command, args, { env });
  const { microseconds, thenKib, laterKib, error } = JSON.parse(stdout);
  if (error) {
    throw new Error(error);
  }
  return { listeningMs: microseconds / 1000, peakMib: thenKib / 1024, settledMib: laterKib / 1024 };
}
