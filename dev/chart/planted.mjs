import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { faults } from './faults.mjs';
import { goldenFaults } from './golden.mjs';
import { CHART, MATRIX, templateOf } from './rendered.mjs';

/** What is changed in a copy of the chart, and the fault that has to be found then. */
const PLANTED = [
  { file: 'templates/_names.tpl', from: 'component: backend', to: 'component: server', found: /the selector has changed/ },
  { file: 'templates/service.yaml', from: 'selectorLabels', to: 'labels', found: /Service demo-backstage-oidc-helper: its selector does not find the pods/ },
  { file: 'templates/_pod.tpl', from: 'automountServiceAccountToken: false', to: 'automountServiceAccountToken: true', found: /a service account token is mounted/ },
  { file: 'templates/serviceaccount.yaml', from: 'automountServiceAccountToken: false', to: '', found: /ServiceAccount .*: its token is mounted/ },
  { file: 'values.yaml', from: 'runAsUser: 65532', to: 'runAsUser: 0', found: /its user is root/ },
  { file: 'values.yaml', from: 'runAsNonRoot: true', to: 'runAsNonRoot: false', found: /it may run as root/ },
  { file: 'values.yaml', from: 'readOnlyRootFilesystem: true', to: 'readOnlyRootFilesystem: false', found: /root file system can be written/ },
  { file: 'templates/_pod.tpl', from: 'defaultMode: 0400', to: 'defaultMode: 0444', found: /the secrets of the volume secrets are not 0400/ },
  { file: 'templates/_pod.tpl', from: 'terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}', to: 'terminationGracePeriodSeconds: 5', found: /killed before it has ended/ },
  { file: 'templates/tests/check.yaml', from: 'component: check', to: 'component: backend', found: /its selector finds demo-backstage-oidc-helper-check/ },
];

/**
 * Plants each in a copy of the chart.
 *
 * @returns {Promise<number>} how many were found
 * @throws when one is not
 */
export async function findPlanted() {
  const folder = await mkdtemp(join(tmpdir(), 'chart-'));
  const copy = join(folder, 'backstage-oidc-helper');
  try {
    for (const { file, from, to, found } of PLANTED) {
      await cp(CHART, copy, { recursive: true });
      const text = await readFile(join(copy, file), 'utf8');
      if (!text.includes(from)) {
        throw new Error(`${file} has no ${from} any more`);
      }
      await writeFile(join(copy, file), text.replace(from, to));
      const objects = await templateOf(copy, 'helm4', '--values', MATRIX.get('redis') ?? '');
      const all = [...faults(objects), ...(await goldenFaults('redis', objects))];
      if (!all.some((fault) => found.test(fault))) {
        throw new Error(`${file} with ${to} is not noticed; found: ${all.join('; ')}`);
      }
      await rm(copy, { recursive: true });
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return PLANTED.length;
}
