import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { pathOf, runCommand } from '../setup/command.mjs';
import { inRepository } from '../setup/repository.mjs';
import { say } from '../setup/steps.mjs';
import { MissingProgram } from '../setup/system-packages.mjs';
import { bootstrapDebian } from './debian.mjs';
import { build, imageExists, podman, pullNothing, SETUP_LOG } from './podman.mjs';

/**
 * @typedef {object} BaseImages what Dockerfile, dev/Dockerfile and compose.yaml begin with
 * @property {string[]} buildOptions options of a build that replace the public images by the stand-ins
 * @property {string[]} composeFiles files that replace them in compose.yaml
 */

/** The public images, and the folder of each one's stand-in. @type {Record<string, string>} */
const STAND_INS = {
  'rust:1.95-slim-bookworm': 'rust',
  'node:20-bookworm-slim': 'node',
  'redis:7.0-bookworm': 'redis',
  'prom/prometheus:v2.42.0': 'prometheus',
};

/** What the Dockerfile of a Backstage app begins with, and its stand-in. @type {Record<string, string>} */
const OF_AN_APP = { 'node:24-trixie-slim': 'node-24' };

/** Stand-ins have names of their own: under a public name, they would be taken for the public image. */
const PREFIX = 'localhost/oidc-helper-stand-in';
const DEBIAN = `${PREFIX}/debian:bookworm`;

/** Replaces the public images in compose.yaml by the stand-ins. */
const COMPOSE_OVERRIDE = inRepository('dev/image/compose.stand-ins.yaml');

/**
 * Pulls the public images; where one cannot be pulled, makes stand-ins that hold what the public images hold.
 *
 * @returns {Promise<BaseImages>}
 */
export async function provideBaseImages() {
  const options = await provideImages(Object.keys(STAND_INS));
  return { buildOptions: options, composeFiles: options.length === 0 ? [] : [COMPOSE_OVERRIDE] };
}

/** The same for a Backstage app. @returns {Promise<string[]>} options of a build that replace the public image */
export async function provideAppBaseImage() {
  return provideImages(Object.keys(OF_AN_APP));
}

/**
 * @param {string[]} names of public images
 * @returns {Promise<string[]>} options of a build that replace them; none where they are there
 */
async function provideImages(names) {
  const made = await Promise.all(names.map((name) => imageExists(standInOf(name))));
  if (!made.every(Boolean)) {
    const unavailable = await firstUnavailable(names);
    if (unavailable === undefined) {
      return [];
    }
    say(`${unavailable} cannot be pulled: making stand-ins for the public images (a few minutes, once).`);
  }
  pullNothing();
  for (const name of names) {
    await provideStandIn(name);
  }
  return names.map((name) => `--build-context=${name}=container-image://${standInOf(name)}`);
}

/**
 * @param {string[]} names
 * @returns {Promise<string | undefined>} the first public image that can neither be found here nor pulled
 */
async function firstUnavailable(names) {
  for (const name of names) {
    const there = (await isPulled(name)) || (await podman('pull', name).then(() => true, () => false));
    if (!there) {
      return name;
    }
  }
  return undefined;
}

/**
 * @param {string} name
 * @returns {Promise<boolean>} whether the public image of this name is here; one that was built here is called localhost/…
 */
async function isPulled(name) {
  const tags = await podman('image', 'inspect', '--format', '{{range .RepoTags}}{{println .}}{{end}}', name).catch(() => '');
  return tags.split('\n').some((tag) => tag !== '' && !tag.startsWith('localhost/'));
}

/** @param {string} name of a public image @returns {string} the folder of its stand-in */
function kindOf(name) {
  return STAND_INS[name] ?? OF_AN_APP[name] ?? '';
}

/** @param {string} name of a public image */
function standInOf(name) {
  return `${PREFIX}/${kindOf(name)}:${name.split(':').at(-1)}`;
}

/** @param {string} name of a public image */
async function provideStandIn(name) {
  if (await imageExists(standInOf(name))) {
    return;
  }
  if (!(await imageExists(DEBIAN))) {
    await debian();
  }
  const kind = kindOf(name);
  const options = [`--build-context=machine=${machineFolder(kind)}`, `--build-arg=TAG=${name.split(':').at(-1)}`];
  await build(standInOf(name), inRepository('dev/image/stand-ins', kind, 'Dockerfile'), options, '/machine-authorities');
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
  if (kind === 'node-24') {
    return inRepository('backstage/stock-app/node_modules');
  }
  return kind === 'node' ? dirname(dirname(process.execPath)) : inRepository('dev/image/stand-ins', kind);
}

/** Makes an image of a bare Debian. */
async function debian() {
  const folder = await mkdtemp(join(tmpdir(), 'debian-'));
  try {
    const log = SETUP_LOG;
    await bootstrapDebian(folder, log);
    await runCommand({ line: ['sh', '-c', 'tar --create --directory "$0" . | podman import - "$1"', folder, DEBIAN], log });
  } finally {
    await rm(folder, { recursive: true });
  }
}
