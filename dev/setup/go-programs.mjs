import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { runCommand } from './command.mjs';
import { goFor } from './go.mjs';
import { inRepository } from './repository.mjs';

/**
 * The programs of each Go module below dev/kubectl/go, by the package that is built. A module of its own for each set of versions:
 * helm takes newer Kubernetes libraries than the streaming server, k9s older ones, kube-apiserver another etcd than etcd itself, and helm-unittest a package in
 * the place of another.
 */
const MODULES = /** @type {const} */ ({
  node: { kubectl: './kubectl', node: './node', terminal: './terminal', kubelogin: 'github.com/int128/kubelogin' },
  helm: { helm3: 'helm.sh/helm/v3/cmd/helm', helm4: 'helm.sh/helm/v4/cmd/helm' },
  unittest: { 'helm-unittest': 'github.com/helm-unittest/helm-unittest/cmd/helm-unittest' },
  k9s: { k9s: 'github.com/derailed/k9s' },
  etcd: { etcd: 'go.etcd.io/etcd/server/v3' },
  apiserver: { 'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver' },
});

/** @typedef {keyof typeof MODULES} GoModule */
/** @typedef {{[M in GoModule]: keyof typeof MODULES[M]}[GoModule]} GoProgram */

/** Where all of them are: places that do not change with their versions, so that tests of the program can name them. */
export const GO_PROGRAMS = inRepository('target/tools/kubectl');

/**
 * @param {GoProgram} name
 * @returns {string} where it is once it has been built
 */
export function goProgram(name) {
  return join(GO_PROGRAMS, name);
}

/** @param {GoModule} module */
export function goModuleIsBuilt(module) {
  return existsSync(noteOf(module)) && readFileSync(noteOf(module), 'utf8') === contentsOf(module);
}

/**
 * @param {GoModule} module
 * @param {string} log
 */
export async function buildGoModule(module, log) {
  const folder = folderOf(module);
  const go = await goFor(folder, log);
  await mkdir(GO_PROGRAMS, { recursive: true });
  for (const [name, what] of Object.entries(MODULES[module])) {
    const unfinished = join(GO_PROGRAMS, `${name}.unfinished`);
    await runCommand({ line: [go, 'build', '-trimpath', '-buildvcs=false', `-ldflags=${linkedWith(module)}`, '-o', unfinished, what], folder, log });
    await rename(unfinished, join(GO_PROGRAMS, name));
  }
  // Last, so that an interrupted build is not taken for a whole one.
  await writeFile(noteOf(module), contentsOf(module));
}

/** @param {GoModule} module @returns {string} without symbols */
function linkedWith(module) {
  const version = kubernetesVersion(module);
  return version ? `-s -w -X k8s.io/component-base/version.gitVersion=${version}` : '-s -w';
}

/**
 * Kubernetes names its version only when it is linked, and helm compares it with what a chart wants.
 *
 * @param {GoModule} module
 * @returns {string | undefined}
 */
function kubernetesVersion(module) {
  return /^\s*k8s\.io\/kubernetes (v[\d.]+)/m.exec(readFileSync(join(folderOf(module), 'go.mod'), 'utf8'))?.[1];
}

/** @param {GoModule} module */
export function folderOf(module) {
  return inRepository('dev/kubectl/go', module);
}

/** @param {GoModule} module @returns {string} the file that says what was built */
function noteOf(module) {
  return join(GO_PROGRAMS, `${module}.built`);
}

/** @param {GoModule} module @returns {string} another one for each content of the module */
export function contentsOf(module) {
  const folder = folderOf(module);
  const hash = createHash('sha256');
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted()) {
    if (/(\.go|\/?go\.mod|\/?go\.sum)$/.test(file)) {
      hash.update(`${file}\0`).update(readFileSync(join(folder, file))).update('\0');
    }
  }
  return hash.update(kubernetesVersion(module) ?? '').digest('hex');
}
