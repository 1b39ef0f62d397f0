import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

import { goFor } from './go.mjs';
import { inRepository } from './repository.mjs';

/**
 * The definitions of the kinds that the chart renders and Kubernetes does not have, as their projects publish them. They come with Go modules, of
 * which no package is built: the checksum is what go.sum would have.
 */
const MODULES = [
  {
    module: 'sigs.k8s.io/gateway-api@v1.6.3',
    sum: 'h1:lKpJa5bGlraC/QeACvCpsHLdmO6y0iKfzVl6gzaFEYc=',
    files: ['config/crd/standard/gateway.networking.k8s.io_httproutes.yaml'],
  },
  {
    module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    sum: 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
    files: ['servicemonitors', 'prometheusrules'].map((kind) => `example/prometheus-operator-crd/monitoring.coreos.com_${kind}.yaml`),
  },
];

/** Another folder for each set of versions. */
const FOLDER = inRepository('target/tools', `definitions-${MODULES.map(({ module }) => module.split('@')[1]).join('-')}`);

/** Where they are, each a CustomResourceDefinition. */
export const DEFINITIONS = MODULES.flatMap(({ files }) => files.map((file) => join(FOLDER, basename(file))));

export function definitionsAreThere() {
  return existsSync(FOLDER);
}

/** @param {string} log */
export async function fetchDefinitions(log) {
  // The Go that builds helm: what wants these wants helm, too.
  const go = await goFor(inRepository('dev/kubectl/go/helm'), log);
  const unfinished = `${FOLDER}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  for (const { module, sum, files } of MODULES) {
    // Outside of a module: inside of one it would want all that these depend on.
    const { stdout } = await promisify(execFile)(go, ['mod', 'download', '-json', module], { cwd: tmpdir() });
    const { Dir, Sum } = JSON.parse(stdout);
    if (Sum !== sum) {
      throw new Error(`${module} is not the one that dev/setup/definitions.mjs pins: its checksum is ${Sum}`);
    }
    await Promise.all(files.map((file) => copyFile(join(Dir, file), join(unfinished, basename(file)))));
  }
  // Last, so that an interrupted download is not taken for a whole one.
  await rename(unfinished, FOLDER);
}
