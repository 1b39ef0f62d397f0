import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { issueCertificates } from '../cluster/certificates.mjs';
import { PROGRAM } from '../demo/program.mjs';
import { inRepository } from '../setup/repository.mjs';
import { layVolumes, ownConfigMaps, workloadPod } from './mounted.mjs';
import { HELMS, template } from './rendered.mjs';

/** @typedef {import('./rendered.mjs').KubernetesObject} KubernetesObject */

const KUBECONFIGS = inRepository('tests/backend/from_kubeconfig');

/** What only the operator can say. */
const OPERATORS = ['--set', 'settings.backstageUrl=https://backstage.example.com', '--set', 'encryptionKeys.existingSecret=oidc-helper-keys', '--set', 'redis.existingSecret=oidc-helper-redis'];

/** Where the chart mounts files. */
const MOUNTED_AT = '/etc/backstage-oidc-helper';

/** Values of the chart that have a Secret or ConfigMap of these names. @returns {Promise<import('./mounted.mjs').Contents>} */
async function operatorsOwn() {
  const { authority, certificate, key } = await issueCertificates(new Date());
  const keys = `k1:${Buffer.alloc(32, 7).toString('base64')}`;
  return {
    secrets: {
      'oidc-helper-keys': { keys, 'encryption-keys': keys },
      'oidc-helper-redis': { url: 'redis://127.0.0.1:1/', 'redis-url': 'redis://127.0.0.1:1/' },
      'oidc-helper-tls': { 'tls.crt': certificate, 'tls.key': key },
      'kubernetes-client': { 'client-secret': 'hush', 'staging.pem': key },
      'cluster-cas': { 'test.pem': authority },
      'company-ca': { 'ca.pem': authority },
    },
    configMaps: { 'cluster-cas': { 'staging.pem': authority }, 'company-ca': { 'ca.pem': authority } },
  };
}

/** @returns {Promise<boolean>} whether this program has a file as its store */
export async function hasStoreFile() {
  return (await readFile(inRepository('src/settings/backend/variables.rs'), 'utf8')).includes('store_file:');
}

/**
 * Runs `config check` with the variables and files of the rendered pod.
 *
 * @param {string} name for the message
 * @param {KubernetesObject[]} objects
 * @throws when the program refuses them
 */
export async function settingsAreTaken(name, objects) {
  const folder = await mkdtemp(join(tmpdir(), 'pod-'));
  try {
    const own = await operatorsOwn();
    const here = (/** @type {string} */ text) => text.replaceAll(MOUNTED_AT, folder);
    const rendered = Object.entries(ownConfigMaps(objects)).map(([of, data]) => [of, Object.fromEntries(Object.entries(data).map(([key, text]) => [key, here(text)]))]);
    const spec = workloadPod(objects);
    await layVolumes(spec, { ...own, configMaps: { ...own.configMaps, ...Object.fromEntries(rendered) } }, folder);
    const env = Object.fromEntries(spec.containers[0].env.flatMap((/** @type {any} */ one) => (one.value === undefined ? [] : [[one.name, here(one.value)]])));
    await promisify(execFile)(PROGRAM, ['config', 'check'], { env }).catch(({ stdout = '', stderr = '', message }) => {
      throw new Error(`${name}: the program refuses what the chart says: ${stdout}${stderr || message}`);
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * Renders what `config from-kubeconfig --helm` writes of each kubeconfig.
 *
 * @returns {Promise<number>} of how many it wrote values
 */
export async function kubeconfigsRender() {
  const folder = await mkdtemp(join(tmpdir(), 'values-'));
  let written = 0;
  try {
    for (const file of await readdir(KUBECONFIGS)) {
      const values = join(folder, file);
      const args = ['config', 'from-kubeconfig', join(KUBECONFIGS, file), '--helm', '--files', join(folder, `${file}.files`)];
      const { code, stdout } = await promisify(execFile)(PROGRAM, args, { env: {} }).then(({ stdout }) => ({ code: 0, stdout }), ({ code }) => ({ code, stdout: '' }));
      if (code === 0) {
        await writeFile(values, stdout);
        const [one] = await Promise.all(HELMS.map((helm) => template(helm, '--values', values, ...OPERATORS)));
        await settingsOfKubeconfig(file, one ?? []);
        written += 1;
      }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return written;
}

/** @param {string} file @param {KubernetesObject[]} objects */
async function settingsOfKubeconfig(file, objects) {
  const named = workloadPod(objects).volumes.flatMap((/** @type {any} */ volume) => volume.projected?.sources ?? []).flatMap((/** @type {any} */ source) => source.secret?.name ?? []);
  // A client secret of the kubeconfig needs its Secret, which is the operator's to make.
  if (!named.some((/** @type {string} */ name) => name.endsWith('-client-secret'))) {
    await settingsAreTaken(file, objects);
  }
}
