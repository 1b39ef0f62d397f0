import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { inRepository } from '../setup/repository.mjs';
import { run } from './rendered.mjs';

/**
 * Has Debian's promtool read the alerts, and looks for the metrics that they name.
 *
 * @param {import('./rendered.mjs').KubernetesObject[]} objects
 * @returns {Promise<number>} how many alerts there are
 * @throws when Prometheus would refuse one, or docs/metrics.md does not know a metric
 */
export async function checkAlerts(objects) {
  const spec = objects.find(({ kind }) => kind === 'PrometheusRule')?.['spec'];
  const rules = /** @type {{expr: string}[]} */ (spec.groups.flatMap((/** @type {any} */ group) => group.rules));
  const documented = await readFile(inRepository('docs/metrics.md'), 'utf8');
  const unknown = rules.flatMap(({ expr }) => expr.match(/\bcluster_auth_\w+/g) ?? []).filter((name) => !documented.includes(`\`${name}\``));
  if (unknown.length > 0) {
    throw new Error(`docs/metrics.md does not know ${unknown.join(', ')}`);
  }
  const folder = await mkdtemp(join(tmpdir(), 'alerts-'));
  try {
    await writeFile(join(folder, 'rules.yaml'), JSON.stringify(spec));
    await run('promtool', 'check', 'rules', join(folder, 'rules.yaml'));
  } finally {
    await rm(folder, { recursive: true });
  }
  return rules.length;
}
