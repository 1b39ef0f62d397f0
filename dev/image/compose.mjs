import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { DrivenBrowser } from '../demo/driven-browser.mjs';
import { runCommand } from '../setup/command.mjs';
import { pyPiFolder } from '../setup/pypi-packages.mjs';
import { logInAtIdp } from './browser-login.mjs';
import { buildOptions, IMAGE_LOGS, podman } from './podman.mjs';

const LOG = join(IMAGE_LOGS, 'compose.log');

/** Not the name of a development environment that runs at the same time. */
const PROJECT = 'oidc-helper-image-test';
const SERVICES = ['portal', 'helper', 'backend', 'redis', 'idp', 'cluster', 'prometheus'];

/** The name of the image of dev/Dockerfile, as in compose.yaml. */
export const SERVERS_IMAGE = 'backstage-oidc-helper-dev';

/** The portal and Prometheus, as in compose.yaml. */
const PORTAL = 'http://localhost:7007/';
const PROMETHEUS = 'http://localhost:9091';

/** Without systemd podman runs no healthchecks: they are run from here until all pass, for at most this long. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 500;

/**
 * @param {string[]} files besides compose.yaml
 * @param {string[]} args
 */
function compose(files, ...args) {
  const options = ['compose.yaml', ...files].flatMap((file) => ['--file', file]);
  return composeWith(['--project-name', PROJECT, ...options], ...args);
}

/**
 * @param {string[]} options that name the project and its files
 * @param {string[]} args
 */
export function composeWith(options, ...args) {
  const line = ['nice', 'python3', '-m', 'podman_compose', ...options, ...args];
  return runCommand({ line, variables: { PYTHONPATH: pyPiFolder('podman-compose') }, log: LOG });
}

/**
 * Builds what compose.yaml builds.
 *
 * @param {string[]} options of each build
 * @param {string[]} files besides compose.yaml
 */
export async function buildServices(options, files) {
  await compose(files, '--podman-build-args', [...buildOptions(), ...options].join(' '), 'build');
}

/**
 * Starts the services, logs in through them, and removes them with their volumes.
 *
 * @param {string[]} files besides compose.yaml
 */
export async function logInAmongServices(files) {
  try {
    await compose(files, 'up', '--detach', '--no-build');
    await Promise.all(SERVICES.map(healthy));
    await logIn();
    await until('Prometheus has what it scrapes', everyTargetIsUp);
  } catch (error) {
    await compose(files, 'logs');
    throw error;
  } finally {
    await compose(files, 'down', '--volumes', '--timeout', '5');
  }
}

/** @param {string} service */
function container(service) {
  return `${PROJECT}_${service}_1`;
}

/** @param {string} service */
function healthy(service) {
  return until(`${service} is healthy`, () => podman('healthcheck', 'run', container(service)));
}

/**
 * @param {string} what
 * @param {() => Promise<unknown>} check rejects until it is so
 */
export async function until(what, check) {
  const ends = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await check();
    } catch (cause) {
      if (performance.now() > ends) {
        throw new Error(`not within a minute: ${what} (${cause instanceof Error ? cause.message : cause})`, { cause });
      }
      await setTimeout(PAUSE_MS);
    }
  }
}

/** Logs in from the portal, and returns to it. */
async function logIn() {
  const browser = await DrivenBrowser.start();
  try {
    await browser.act({ op: 'open', url: PORTAL });
    await browser.act({ op: 'click', selector: '#access' });
    await browser.act({ op: 'click', selector: '#hand-over' });
    await browser.act({ op: 'click', selector: '#continue' });
    await logInAtIdp(browser);
    await browser.act({ op: 'click', selector: '#back' });
    await browser.act({ op: 'waitFor', urlPrefix: PORTAL });
    const { text } = await browser.act({ op: 'content' });
    if (!/^NAME /m.test(String(text))) {
      throw new Error(`felix's pods are not at ${PORTAL}: ${text}`);
    }
  } finally {
    await browser.stop();
  }
}

async function everyTargetIsUp() {
  const response = await fetch(`${PROMETHEUS}/api/v1/targets`);
  const { data } = /** @type {{data: {activeTargets: {health: string}[]}}} */ (await response.json());
  const up = data.activeTargets.filter(({ health }) => health === 'up');
  if (up.length === 0 || up.length < data.activeTargets.length) {
    throw new Error(`${up.length} of ${data.activeTargets.length} targets are up`);
  }
}
