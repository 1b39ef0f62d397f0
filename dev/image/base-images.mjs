import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { pathOf, runCommand } from '../setup/command.mjs';
import { inRepository } from '../setup/repository.mjs';
import { say } from '../setup/steps.mjs';
import { MissingProgram } from '../setup/system-packages.mjs';
import { build, imageExists, podman, SETUP_LOG } from './podman.mjs';

const DEBIAN = 'debian:bookworm-slim';

/** The images that Dockerfile, dev/Dockerfile and compose.yaml begin with. */
const BASE_IMAGES = [
  'rust:1.95-slim-bookworm',
  'node:20-bookworm-slim',
  'redis:7.0-bookworm',
  'prom/prometheus:v2.42.0',
];

/**
 * Pulls the images that others are built on. Where there is no registry to pull them from, makes stand-ins of the same name that hold
 * what their namesakes hold.
 */
export async function provideBaseImages() {
  for (const name of BASE_IMAGES) {
    if (!(await imageExists(local(name))) && !(await pulled(name))) {
      say(`${name} cannot be pulled: making one like it (a minute, once).`);
      await standIn(name);
    }
  }
}

/** @param {string} name */
function local(name) {
  return `localhost/${name}`;
}

/** @param {string} name */
async function pulled(name) {
  const log = SETUP_LOG;
  try {
    // With the machine's own idea of where images come from.
    await runCommand({ line: ['env', '--unset=CONTAINERS_REGISTRIES_CONF', 'podman', 'pull', name], log });
    const [id = ''] = (await podman('images', '--quiet', '--filter', `reference=*/${name}`)).split('\n');
    await podman('tag', id, local(name));
    return true;
  } catch {
    return false;
  }
}

/** @param {string} name */
async function standIn(name) {
  if (!(await imageExists(local(DEBIAN)))) {
    await debian();
  }
  const [repository = '', tag = ''] = name.split(':');
  const kind = repository.split('/').at(-1) ?? '';
  const options = [`--build-context=machine=${machineFolder(kind)}`, `--build-arg=TAG=${tag}`];
  await build(name, inRepository('dev/image/stand-ins', kind, 'Dockerfile'), options, '/machine-authorities');
}

/**
 * @param {string} kind
 * @returns {string} the folder that a stand-in takes this machine's own programs from
 */
function machineFolder(kind) {
  if (kind === 'rust') {
    const rustup = pathOf('rustup');
    if (rustup === undefined) {
      throw new MissingProgram('rustup is missing: install it from https://rustup.rs, then run this again');
    }
    return dirname(rustup);
  }
  return kind === 'node' ? dirname(dirname(process.execPath)) : inRepository('dev/image/stand-ins', kind);
}

/** Debian itself, from where this machine gets its packages. */
async function debian() {
  const folder = await mkdtemp(join(tmpdir(), 'debian-'));
  try {
    const log = SETUP_LOG;
    await runCommand({ line: ['sh', '-c', DEBOOTSTRAP, 'sh', folder], log });
    await runCommand({ line: ['sh', '-c', 'tar --create --directory "$0" . | podman import - "$1"', folder, local(DEBIAN)], log });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The mirror is the first that apt knows for Debian's main archive; without one, debootstrap knows its own. */
const DEBOOTSTRAP = `
mirror=$(apt-get indextargets --format '$(SITE)' 'Codename: bookworm' 'Component: main' 'Created-By: Packages' | head -n 1)
exec debootstrap --variant=minbase bookworm "$1" $mirror`;
