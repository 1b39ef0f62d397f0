import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pyPiFolder, pyPiProgram } from '../setup/pypi-packages.mjs';
import { run } from './rendered.mjs';

export const VERSIONS = ['1.32.0', '1.33.0', '1.34.0', '1.35.0', '1.36.0'];

/** Not Kubernetes' own: the package has no schemas of them. */
const WITHOUT_SCHEMA = ['HTTPRoute', 'PrometheusRule', 'ServiceMonitor'];

const PASSED = /^INFO .* passed /gm;
const UNKNOWN = /^WARN .*schema for kind (\w+) /gm;

/**
 * Checks objects against Kubernetes' schemas, strictly: no field that there is not.
 *
 * @param {import('./rendered.mjs').KubernetesObject[]} objects
 * @param {string} version
 * @returns {Promise<{passed: number, unchecked: string[]}>}
 * @throws with what does not fit
 */
export async function checkSchemas(objects, version) {
  const folder = await mkdtemp(join(tmpdir(), 'manifests-'));
  try {
    const file = join(folder, 'manifests.yaml');
    // JSON is YAML.
    await writeFile(file, objects.map((object) => JSON.stringify(object)).join('\n---\n'));
    const env = `PYTHONPATH=${pyPiFolder('kubernetes-validate')}`;
    const said = await run('env', env, 'python3', pyPiProgram('kubernetes-validate', 'kubernetes-validate'), '-k', version, '--strict', file);
    const unchecked = [...said.matchAll(UNKNOWN)].map(([, kind = '']) => kind);
    const unexpected = unchecked.filter((kind) => !WITHOUT_SCHEMA.includes(kind));
    const passed = [...said.matchAll(PASSED)].length;
    if (unexpected.length > 0 || passed + unchecked.length !== objects.length) {
      throw new Error(`${version}: ${passed} of ${objects.length} were checked: ${said}`);
    }
    return { passed, unchecked };
  } finally {
    await rm(folder, { recursive: true });
  }
}
