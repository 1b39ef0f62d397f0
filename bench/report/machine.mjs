import { execFile } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { promisify } from 'node:util';

import { oauth2ProxyVersion } from '../../dev/setup/peer-programs.mjs';
import { inRepository } from '../../dev/setup/repository.mjs';
import { readFile } from 'node:fs/promises';

/** How each peer says its version, and where in that it is. @type {[string, string[], RegExp][]} */
const VERSIONS = [
  ['wrk', ['wrk', '--version'], /wrk (\S+) /],
  ['nginx', ['nginx', '-v'], /nginx\/(\S+)/],
  ['Apache', ['apache2', '-v'], /Apache\/(\S+)/],
  ['mod_auth_openidc', ['dpkg-query', '--show', '--showformat=${Version}', 'libapache2-mod-auth-openidc'], /(\S+)/],
  ['Redis', ['redis-server', '--version'], /v=(\S+)/],
  ['Rust', ['rustc', '--version'], /rustc (\S+)/],
];

/** @returns {Promise<string>} the machine and all versions, as a list in Markdown */
export async function machine() {
  const processors = cpus();
  const versions = await Promise.all(VERSIONS.map(async ([name, line, pattern]) => `${name} ${pattern.exec(await outputOf(line))?.[1] ?? 'unknown'}`));
  const modules = await readFile(inRepository('dev/kubectl/go/node/go.mod'), 'utf8');
  const kubelogin = /int128\/kubelogin (v[\d.]+)/.exec(modules)?.[1] ?? 'unknown';
  const crates = await readFile(inRepository('Cargo.lock'), 'utf8');
  const actix = /name = "actix-web"\nversion = "([^"]+)"/.exec(crates)?.[1] ?? 'unknown';
  return [
    `- ${processors.length} processors (${processors[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}`,
    `- ${[...versions, `oauth2-proxy ${oauth2ProxyVersion()}`, `kubelogin ${kubelogin}`, `actix-web ${actix}`, `Node ${process.versions.node}`].join(', ')}`,
  ].join('\n');
}

/** @param {string[]} line @returns {Promise<string>} what it says on both outputs */
async function outputOf([program = '', ...args]) {
  // wrk ends with 1 when it has told its version.
  const { stdout = '', stderr = '' } = await promisify(execFile)(program, args).catch((/** @type {{stdout?: string, stderr?: string}} */ error) => error);
  return `${stdout}${stderr}`;
}
