import { logInByBrowser } from '../demo/headless.mjs';
import { Parts } from '../demo/parts.mjs';
import { Portal } from '../demo/portal.mjs';
import { Program } from '../demo/program.mjs';
import { podman } from './podman.mjs';

const CONTAINER = 'oidc-helper-image-test';

/**
 * Runs the image as its documents show, beside a backend on this machine, and logs in through its published port.
 *
 * @param {string} image
 */
export async function logInThroughPublishedPort(image) {
  const parts = new Parts();
  try {
    const machine = await addressForContainers();
    const portal = await Portal.startForContainers(0);
    await logInByBrowser(parts, () => {}, {
      openPortal: async () => portal,
      startHelper: () => new Program('helper-container', publishedHelper(image, machine, portal.port), {}, 'podman'),
    });
  } finally {
    await parts.stop();
    await podman('rm', '--force', '--ignore', '--time', '0', CONTAINER);
  }
}

/** @returns {Promise<string>} where a container finds the machine it runs on */
async function addressForContainers() {
  return podman('network', 'inspect', 'podman', '--format', '{{(index .Subnets 0).Gateway}}');
}

/**
 * @param {string} image
 * @param {string} machine
 * @param {number} port of Backstage on it
 */
function publishedHelper(image, machine, port) {
  return [
    'run', '--rm', '--name', CONTAINER,
    '--publish', '127.0.0.1:8000:8000',
    '--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges',
    '--add-host', `host.docker.internal:${machine}`,
    image,
    'login', '--no-browser', '--backend', `http://host.docker.internal:${port}`,
  ];
}
