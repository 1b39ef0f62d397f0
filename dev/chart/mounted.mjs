import { chmod, chown, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** @typedef {Record<string, Record<string, string>>} ByName the content of Secrets or ConfigMaps: by their name, then by key */
/** @typedef {{secrets: ByName, configMaps: ByName}} Contents */
/** @typedef {{name: string, folder: string}} Mounted */

/** As kubelet names the folder of one version of the files. */
const VERSION = '..2026_11_28_12_00_00.1';
const DEFAULT_MODE = 0o644;
/** What kubelet adds for the group of `fsGroup`, in volumes that are not written to. */
const GROUP_READS = 0o440;

/**
 * Lays the projected volumes of a pod as kubelet does: files in a folder of their version, a link `..data` to it, and a link for each file, all of
 * root and of the group of `fsGroup`.
 *
 * @param {any} spec of the pod
 * @param {Contents} contents
 * @param {string} folder an empty one
 * @returns {Promise<Mounted[]>}
 * @throws when something is named that there is not, as kubelet would not start the pod
 */
export async function layVolumes(spec, contents, folder) {
  const group = spec.securityContext.fsGroup;
  const laid = [];
  for (const { name, projected } of spec.volumes.filter((/** @type {any} */ volume) => volume.projected)) {
    const files = Object.assign({}, ...projected.sources.map((/** @type {any} */ source) => filesOf(source, contents)));
    const at = join(folder, name);
    await mkdir(join(at, VERSION), { recursive: true });
    for (const [file, content] of Object.entries(files)) {
      const path = join(at, VERSION, file);
      await writeFile(path, content);
      await chown(path, 0, group);
      await chmod(path, (projected.defaultMode ?? DEFAULT_MODE) | GROUP_READS);
      await symlink(join('..data', file), join(at, file));
    }
    await symlink(VERSION, join(at, '..data'));
    laid.push({ name, folder: at });
  }
  return laid;
}

/** @typedef {{name: string, items?: {key: string, path: string}[]}} Projected what of a Secret or ConfigMap is laid into a volume */

/**
 * @param {{secret?: Projected, configMap?: Projected}} source one of the two
 * @param {Contents} contents
 * @returns {Record<string, string>} by the name of the file
 */
function filesOf({ secret, configMap }, { secrets, configMaps }) {
  const { name, items } = secret ?? configMap ?? { name: 'of another kind than the chart has' };
  const content = (secret ? secrets : configMaps)[name];
  if (content === undefined) {
    throw new Error(`there is no ${secret ? 'Secret' : 'ConfigMap'} ${name}`);
  }
  if (items === undefined) {
    return content;
  }
  return Object.fromEntries(items.map(({ key, path }) => {
    if (content[key] === undefined) {
      throw new Error(`${name} has no key ${key}`);
    }
    return [path, content[key]];
  }));
}

/** @param {import('./rendered.mjs').KubernetesObject[]} objects @returns {ByName} the ConfigMaps that the chart itself makes */
export function ownConfigMaps(objects) {
  return Object.fromEntries(objects.filter(({ kind }) => kind === 'ConfigMap').map(({ metadata, data }) => [metadata.name, data ?? {}]));
}

/** @param {import('./rendered.mjs').KubernetesObject[]} objects @returns {any} the pod of the Deployment or StatefulSet */
export function workloadPod(objects) {
  const workload = objects.find(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet');
  if (workload === undefined) {
    throw new Error('there is neither a Deployment nor a StatefulSet');
  }
  return workload['spec'].template.spec;
}
