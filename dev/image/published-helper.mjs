import { spawnSync } from 'node:child_process';

import { DrivenBrowser } from '../demo/driven-browser.mjs';
import { kept, usable } from '../demo/headless.mjs';
import { Parts } from '../demo/parts.mjs';
import { Portal } from '../portal/portal.mjs';
import { Program, PROGRAM } from '../demo/program.mjs';
import { step } from '../setup/steps.mjs';
import { logInAtIdp } from './browser-login.mjs';
import { podman } from './podman.mjs';

const CONTAINER = 'oidc-helper-published';

/**
 * Runs the image as its documents show, beside a backend on this machine, and logs in through its published port.
 *
 * @param {string} image
 * @param {'static' | 'debug'} binary the debug binary is linked with libraries, which the image lacks
 */
export async function logInThroughPublishedPort(image, binary) {
  const parts = new Parts();
  try {
    const portal = await Portal.start({ inContainer: true });
    const backend = await step('start', () => parts.start(async () => portal));
    const libraries = binary === 'debug' ? librariesOf(PROGRAM) : [];
    const container = await publishedHelper(image, portal.port, libraries);
    const helper = parts.add(new Program('helper-container', container, {}, 'podman'));
    await step('listening', () => helper.line(/"message":"listening"/));
    await step('healthcheck', () => podman('healthcheck', 'run', CONTAINER));
    await step('login', () => logIn(parts));
    await step('keep', () => kept(backend));
    await step('use', () => usable(backend));
  } finally {
    await parts.stop();
    await podman('rm', '--force', '--ignore', '--time', '0', CONTAINER);
  }
}

/** @param {Parts} parts */
async function logIn(parts) {
  const browser = parts.add(await DrivenBrowser.start());
  await browser.act({ op: 'open', url: 'http://localhost:8000/' });
  await browser.act({ op: 'click', selector: '#login' });
  await logInAtIdp(browser);
}

/**
 * @param {string} program
 * @returns {string[]} the files that it is linked with
 */
function librariesOf(program) {
  const { stdout } = spawnSync('ldd', [program], { encoding: 'utf8' });
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
}

/**
 * @param {string} image
 * @param {number} port of Backstage on this machine
 * @param {string[]} files of this machine that the container sees
 */
async function publishedHelper(image, port, files) {
  const machine = await podman('network', 'inspect', 'podman', '--format', '{{(index .Subnets 0).Gateway}}');
  return [
    'run', '--rm', '--name', CONTAINER,
    '--publish', '127.0.0.1:8000:8000',
    '--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges',
    '--add-host', `host.docker.internal:${machine}`,
    '--env', `BACKSTAGE_URL=http://host.docker.internal:${port}`,
    ...files.map((file) => `--volume=${file}:${file}:ro`),
    image,
  ];
}
