import { chmod, chown, mkdir } from 'node:fs/promises';

import { PROGRAM } from '../demo/program.mjs';
import { podman } from '../image/podman.mjs';
import { librariesOf } from '../image/published-helper.mjs';
import { layVolumes } from './mounted.mjs';

/**
 * The options of `podman run` for a container of a pod: its image, command, variables, files, user, capabilities and root file system, as the
 * manifest has them. Its network is that of this process.
 *
 * @param {any} spec of the pod
 * @param {{name: string, contents: import('./mounted.mjs').Contents, folder: string, stateFolder: string}} options stateFolder: what a volume claim is here
 * @returns {Promise<string[]>}
 */
export async function runOptions(spec, { name, contents, folder, stateFolder }) {
  const [container] = spec.containers;
  const { runAsUser, runAsGroup, fsGroup, seccompProfile } = spec.securityContext;
  const { readOnlyRootFilesystem, allowPrivilegeEscalation, capabilities } = container.securityContext;
  if (seccompProfile.type !== 'RuntimeDefault') {
    throw new Error('podman has only its own default of seccomp');
  }
  await mkdir(folder, { recursive: true });
  const laid = await layVolumes(spec, contents, folder);
  await layClaim(stateFolder, fsGroup);
  const mounts = container.volumeMounts.map((/** @type {any} */ { name: volume, mountPath, readOnly }) => {
    const at = laid.find((one) => one.name === volume)?.folder ?? stateFolder;
    return `--volume=${at}:${mountPath}:${readOnly ? 'ro' : 'rw'}`;
  });
  return [
    '--name', name, '--network=host',
    `--user=${runAsUser}:${runAsGroup}`, `--group-add=${fsGroup}`,
    // Else podman has folders in memory below it that can be written, as kubelet has not.
    ...(readOnlyRootFilesystem ? ['--read-only', '--read-only-tmpfs=false'] : []),
    ...(allowPrivilegeEscalation === false ? ['--security-opt=no-new-privileges'] : []),
    ...capabilities.drop.map((/** @type {string} */ capability) => `--cap-drop=${capability}`),
    ...container.env.map((/** @type {any} */ { name: variable, value }) => `--env=${variable}=${value}`),
    ...mounts,
    // The debug binary is linked with libraries, which the image lacks.
    ...librariesOf(PROGRAM).map((file) => `--volume=${file}:${file}:ro`),
    container.image, ...container.args,
  ];
}

/**
 * The root folder of a volume as kubelet leaves it for `fsGroup`.
 *
 * @param {string} folder
 * @param {number} group
 */
async function layClaim(folder, group) {
  await mkdir(folder, { recursive: true });
  await chown(folder, 0, group);
  await chmod(folder, 0o2775);
}

/** @param {string} name */
export function removeContainer(name) {
  return podman('rm', '--force', '--ignore', '--time', '0', name);
}
