import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { DrivenBrowser } from '../demo/driven-browser.mjs';
import { kept } from '../demo/headless.mjs';
import { Parts } from '../demo/parts.mjs';
import { Portal } from '../portal/portal.mjs';
import { step } from '../setup/steps.mjs';
import { checkConfiguration, logInThroughPage } from './published-helper.mjs';
import { composeWith, until } from './compose.mjs';
import { IMAGE_LOGS, podman } from './podman.mjs';
import { shownComposeFile, toward } from './shown-commands.mjs';

/** Not the name of another environment. */
const PROJECT = 'oidc-helper-shown';
const CONTAINER = `${PROJECT}_oidc-helper_1`;
const SHOWN = join(IMAGE_LOGS, 'shown-compose.yaml');
const OVERRIDE = join(IMAGE_LOGS, 'shown-compose.override.yaml');

/**
 * Starts what the compose file of docs/container.md says, beside a backend on this machine, and logs in through it.
 *
 * @param {string} image that takes the place of the one that the file names, where it has another name
 * @param {string[]} libraries files of this machine that the container sees
 */
export async function logInByShownComposeFile(image, libraries) {
  const parts = new Parts();
  const files = ['--project-name', PROJECT, '--file', SHOWN, '--file', OVERRIDE];
  try {
    const portal = await Portal.start({ inContainer: true });
    const backend = await step('start', () => parts.start(async () => portal));
    await writeFile(SHOWN, toward(await shownComposeFile(), `http://host.docker.internal:${portal.port}`));
    await writeFile(OVERRIDE, await override(image, libraries));
    await step('compose up', () => composeWith(files, 'up', '--detach', '--no-build'));
    await until('the helper is healthy', () => podman('healthcheck', 'run', CONTAINER));
    await checkConfiguration(CONTAINER);
    await step('login', async () => logInThroughPage(parts.add(await DrivenBrowser.start())));
    await step('keep', () => kept(backend));
  } finally {
    await composeWith(files, 'down', '--timeout', '5').catch(() => {});
    await parts.stop();
  }
}

/**
 * This machine is the one at the gateway of podman's own network.
 *
 * @param {string} image
 * @param {string[]} libraries
 */
async function override(image, libraries) {
  const machine = await podman('network', 'inspect', 'podman', '--format', '{{(index .Subnets 0).Gateway}}');
  return `services:
  oidc-helper:
    image: ${image}
    extra_hosts: ["host.docker.internal:${machine}"]
    volumes: ${JSON.stringify(libraries.map((file) => `${file}:${file}:ro`))}
networks:
  default:
    name: podman
    external: true
`;
}
