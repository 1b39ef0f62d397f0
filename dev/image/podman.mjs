import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';

import { runCommand } from '../setup/command.mjs';
import { inRepository } from '../setup/repository.mjs';

/** The folder of the logs. */
export const IMAGE_LOGS = inRepository('target/image');

export const SETUP_LOG = join(IMAGE_LOGS, 'setup.log');

/** For a machine without systemd and Docker daemon, with the limits that CI grants. */
const CONTAINERS_CONF = `[containers]
default_ulimits = ["nofile=20000:20000", "nproc=10000:10000"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
`;

/** The certificate authorities of this machine, which may include that of a proxy before the package registries; and npm's setting. */
const AUTHORITIES = '/etc/ssl/certs';
const NPM_AUTHORITIES = `cafile=${AUTHORITIES}/ca-certificates.crt\n`;
const NPM_CONFIGURATION = join(IMAGE_LOGS, 'npmrc');

/** An empty list of registries for short names. */
const REGISTRIES_CONF = join(IMAGE_LOGS, 'registries.conf');

/** Configures podman for this process and its children. */
export async function configurePodman() {
  await mkdir(IMAGE_LOGS, { recursive: true });
  const path = join(IMAGE_LOGS, 'containers.conf');
  await writeFile(path, CONTAINERS_CONF);
  process.env['CONTAINERS_CONF'] = path;
  await writeFile(REGISTRIES_CONF, '');
  await writeFile(NPM_CONFIGURATION, NPM_AUTHORITIES);
  process.env['BUILDAH_ISOLATION'] = 'chroot';
}

/** From now on, short names of images mean local images: nothing is pulled. */
export function pullNothing() {
  process.env['CONTAINERS_REGISTRIES_CONF'] = REGISTRIES_CONF;
}

/**
 * What a build reads from this machine besides its context; none of it stays in the image.
 *
 * @param {string} [authorities] where it finds this machine's authorities: in their own place, unless it installs its own there
 * @returns {string[]}
 */
export function buildOptions(authorities = AUTHORITIES) {
  const npmSettings = process.env['npm_config_userconfig'] ?? join(process.env['HOME'] ?? '/root', '.npmrc');
  return [
    '--format=docker',
    `--volume=${AUTHORITIES}:${authorities}:ro`,
    `--volume=${NPM_CONFIGURATION}:/usr/local/etc/npmrc:ro`,
    ...(existsSync(npmSettings) ? [`--volume=${npmSettings}:/root/.npmrc:ro`] : []),
  ];
}

/**
 * Builds an image; what has not changed comes from the layers of the build before, and what no longer has a use is removed.
 *
 * @param {string} tag
 * @param {string} dockerfile
 * @param {string[]} [options]
 * @param {string} [authorities] as {@link buildOptions} has it
 */
export async function build(tag, dockerfile, options = [], authorities = AUTHORITIES) {
  const before = await idOf(tag);
  const context = dirname(dockerfile);
  const line = ['nice', 'podman', 'build', '--layers', ...buildOptions(authorities), ...options, '--tag', tag, context];
  await runCommand({ line, log: SETUP_LOG });
  if (before !== '' && before !== (await idOf(tag))) {
    // This fails, as it should, when another image is built on it or it has another name.
    await podman('rmi', before).catch(() => {});
  }
}

/** @param {string} tag */
function idOf(tag) {
  return podman('image', 'inspect', '--format', '{{.Id}}', tag.startsWith('localhost/') ? tag : `localhost/${tag}`).catch(() => '');
}

/**
 * @param {string[]} args
 * @returns {Promise<string>} what podman prints
 * @throws with podman's own words
 */
export async function podman(...args) {
  const child = spawn('podman', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve(code));
  });
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  if (code !== 0) {
    throw new Error(`podman ${args.join(' ')} ended with ${code}: ${err.trim()}`);
  }
  return out.trim();
}

/**
 * @param {string} name
 * @returns {Promise<boolean>} whether there is such an image
 */
export function imageExists(name) {
  return podman('image', 'exists', name).then(() => true, () => false);
}
