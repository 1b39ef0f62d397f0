import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { provideAppBaseImage } from '../../dev/image/base-images.mjs';
import { buildOptions, configurePodman, podman } from '../../dev/image/podman.mjs';
import { runCommand } from '../../dev/setup/command.mjs';
import { LOG, registry, STOCK } from './template.mjs';

export const IMAGE = 'localhost/backstage-stock-app';

/**
 * Builds the app's image with its own Dockerfile, after `yarn build:backend`.
 *
 * @param {string} app
 */
export async function buildImage(app) {
  await configurePodman();
  const base = await provideAppBaseImage();
  // In the build, yarn and npm find the registry of this machine; nothing of that stays in the image.
  const yarnSettings = join(STOCK, 'yarnrc.yml');
  await writeFile(yarnSettings, `npmRegistryServer: ${await registry()}\nhttpsCaFilePath: /etc/ssl/certs/ca-certificates.crt\n`);
  const options = [...buildOptions(), `--volume=${yarnSettings}:/home/node/.yarnrc.yml:ro`, ...base];
  const line = ['nice', 'podman', 'build', '--layers=false', ...options, '--file', 'packages/backend/Dockerfile', '--tag', IMAGE, '.'];
  await runCommand({ line, folder: app, log: LOG });
}

/** @returns {Promise<string>} what the image has of our packages, and its Node */
export async function contentOfImage() {
  const program = `console.log(process.version, ...['cluster-auth-backend', 'kubernetes-backend-module-cluster-auth'].map(
    (name) => require('@backstage-oidc-helper/plugin-' + name).default.$$type))`;
  return podman('run', '--rm', '--network=none', '--workdir=/app/packages/backend', IMAGE, 'node', '-e', program);
}

/** The image is large, and the next run builds it anew. */
export async function removeImage() {
  await podman('rmi', '--force', IMAGE);
}
