import { podman } from './podman.mjs';

/** The name of the image, as in compose.yaml and the documents. */
export const IMAGE = 'backstage/oidc-helper';

/** The same with its registry: Docker takes a name without one for a name there. A release is pushed to it. */
export const PUBLISHED_IMAGE = `docker.io/${IMAGE}`;

/** What it has, and a little more: growth is to be seen. SQLite is about 0.8 of it. */
const LARGEST_MB = 22;

/** What must be in the image's configuration; the rest shows when it runs. */
const EXPECTED = {
  User: '65532:65532',
  Entrypoint: ['/backstage-oidc-helper'],
};

/** The labels of the OCI's image specification that must be there. */
const LABELS = ['title', 'description', 'licenses', 'version', 'revision'];

/**
 * @param {string} image
 * @returns {Promise<string>} its size in MB
 * @throws when it is too large
 */
export async function inspectSize(image) {
  const [{ Size }] = JSON.parse(await podman('image', 'inspect', image));
  const size = Size / 1e6;
  if (size > LARGEST_MB) {
    throw new Error(`the image has ${size.toFixed(1)} MB, more than ${LARGEST_MB}`);
  }
  return size.toFixed(1);
}

/**
 * Checks that the program in an image says which commit it was built from.
 *
 * @param {string} image
 * @param {string} commit
 * @throws when it says another one, or none
 */
export async function inspectVersion(image, commit) {
  const said = await podman('run', '--rm', '--network', 'none', image, '--version');
  if (!said.endsWith(` (${commit})`)) {
    throw new Error(`the program in the image says that it is ${said}, not that it was built from ${commit}`);
  }
}

/**
 * Checks an image's configuration.
 *
 * @param {string} image
 * @throws when it runs as root, or does not say what it is
 */
export async function inspectImage(image) {
  const [{ Config, Healthcheck }] = JSON.parse(await podman('image', 'inspect', image));
  for (const [name, value] of Object.entries(EXPECTED)) {
    if (JSON.stringify(Config[name]) !== JSON.stringify(value)) {
      throw new Error(`the image's ${name} is ${JSON.stringify(Config[name])}, not ${JSON.stringify(value)}`);
    }
  }
  const unlabelled = LABELS.filter((label) => !Config.Labels?.[`org.opencontainers.image.${label}`]);
  if (unlabelled.length > 0) {
    throw new Error(`the image lacks the labels ${unlabelled.join(', ')}`);
  }
  if (!Healthcheck?.Test?.includes('healthcheck')) {
    throw new Error('the image has no HEALTHCHECK that asks its own program');
  }
}
