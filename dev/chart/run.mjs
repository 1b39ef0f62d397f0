#!/usr/bin/env node
// The steps of `make chart`; chart.mjs has installed what they need.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { goProgram } from '../setup/go-programs.mjs';
import { inRepository } from '../setup/repository.mjs';
import { duration, say, step } from '../setup/steps.mjs';
import { checkAlerts } from './alerts.mjs';
import { faults } from './faults.mjs';
import { goldenFaults, renewGolden } from './golden.mjs';
import { findPlanted } from './planted.mjs';
import { hasStoreFile, kubeconfigsRender, settingsAreTaken } from './program-takes.mjs';
import { REFUSALS, unknownKeys } from './refusals.mjs';
import { CHART, HELMS, lint, MATRIX, run, template } from './rendered.mjs';
import { checkSchemas, VERSIONS } from './schemas.mjs';

/** @typedef {import('./rendered.mjs').KubernetesObject} KubernetesObject */

/** What would make two renderings of the same values differ, or needs a cluster: Argo CD renders without one. */
const NOT_IN_TEMPLATES = /(?<![$.\w])(lookup|rand[A-Z]\w+|uuidv4|now|date\w*|gen[A-Z]\w+|htpasswd|env|expandenv|getHostByName)\s/;

/** The chart is released with the program, and README and schema with the values. */
async function upToDate() {
  await run(process.execPath, fileURLToPath(new URL('describe.mjs', import.meta.url)), '--check');
  const [, version] = /^version = "(.+)"$/m.exec(await readFile(inRepository('Cargo.toml'), 'utf8')) ?? [];
  assert.match(await readFile(join(CHART, 'Chart.yaml'), 'utf8'), new RegExp(`^appVersion: ${version}$`, 'm'), 'appVersion is not the version of Cargo.toml');
  for (const file of await readdir(join(CHART, 'templates'), { recursive: true, encoding: 'utf8' })) {
    const actions = file.endsWith('l') ? (await readFile(join(CHART, 'templates', file), 'utf8')).match(/\{\{.*?\}\}/gs) ?? [] : [];
    assert.deepEqual(actions.filter((action) => NOT_IN_TEMPLATES.test(action.replaceAll(/"[^"]*"|\/\*.*?\*\//gs, ''))), [], file);
  }
}

/** @returns {Promise<Map<string, KubernetesObject[]>>} by the values file */
async function rendered() {
  const all = new Map();
  for (const [name, file] of MATRIX) {
    const [one, other] = await Promise.all(HELMS.map(async (helm) => {
      await lint(helm, '--values', file);
      return template(helm, '--values', file);
    }));
    assert.deepEqual(one, other, `helm 3 and 4 render ${name} differently`);
    all.set(name, one);
  }
  return all;
}

/** @param {Map<string, KubernetesObject[]>} all */
async function golden(all) {
  for (const [name, objects] of all) {
    if (process.env['RENEW_GOLDEN'] === '1') {
      await renewGolden(name, objects);
    }
    const found = [...faults(objects), ...(await goldenFaults(name, objects))];
    assert.deepEqual(found, [], `${name}: ${found.join('\n')}`);
  }
}

/** @returns {Promise<number>} how many there are */
async function refused() {
  const schema = JSON.parse(await readFile(join(CHART, 'values.schema.json'), 'utf8'));
  // Which keys there are the schema alone knows, so one helm is enough.
  const unknown = unknownKeys(schema).map((key) => ({ values: 'redis', set: `${key}=1`, says: /'notThere' not allowed/, helms: HELMS.slice(1) }));
  const all = [...REFUSALS.map((refusal) => ({ ...refusal, helms: HELMS })), ...unknown];
  for (const { values, set, says, helms } of all) {
    const args = ['--values', MATRIX.get(values) ?? '', '--set', set];
    await Promise.all(helms.map((helm) => assert.rejects(template(helm, ...args), says, `${helm}: ${values} with ${set}`)));
  }
  return all.length;
}

/** @param {Map<string, KubernetesObject[]>} all @returns {Promise<string[]>} the kinds that were not checked */
async function schemas(all) {
  const objects = [...all.values()].flat();
  const unchecked = new Set();
  for (const version of VERSIONS) {
    const checked = await checkSchemas(objects, version);
    checked.unchecked.forEach((kind) => unchecked.add(kind));
    const wrong = objects.filter(({ kind }) => kind === 'StatefulSet').map((object) => ({ ...object, spec: { ...object['spec'], notThere: 1 } }));
    await assert.rejects(checkSchemas(wrong, version), /notThere/, 'a planted field is not noticed');
  }
  return [...unchecked].toSorted();
}

/** @param {Map<string, KubernetesObject[]>} all @returns {Promise<number>} of how many kubeconfigs the program writes values */
async function taken(all) {
  const withFile = await hasStoreFile();
  for (const [name, objects] of all) {
    if (withFile || objects.some(({ kind }) => kind === 'Deployment')) {
      await settingsAreTaken(name, objects);
    } else {
      say(`  ${name}: not tried with the program (it has no STORE_FILE yet)`);
    }
  }
  const written = await kubeconfigsRender();
  assert.ok(written >= 5, `values of only ${written} kubeconfigs`);
  return written;
}

/** @returns {Promise<number>} how many tests helm-unittest has run */
async function unittest() {
  const said = await run(goProgram('helm-unittest'), '--strict', '--file', 'tests/*.yaml', CHART);
  return Number(/^Tests:\s+(\d+) passed, \1 total$/m.exec(said)?.[1] ?? assert.fail(said));
}

const began = performance.now();
try {
  await step('up to date', upToDate);
  const all = await step('render', rendered);
  await step('golden', () => golden(all));
  const planted = await step('planted', findPlanted);
  const refusals = await step('refusals', refused);
  const unchecked = await step('schemas', () => schemas(all));
  say(`  ${unchecked.join(', ')}: not checked there (not Kubernetes' own)`);
  const alerts = await step('alerts', () => checkAlerts(all.get('everything') ?? []));
  const tests = await step('unittest', unittest);
  const kubeconfigs = await step('program', () => taken(all));
  const versions = `${VERSIONS[0]} to ${VERSIONS.at(-1)}`.replaceAll('.0', '');
  say(`chart: ok (${all.size} values files with helm 3 and 4, ${[...all.values()].flat().length} manifests against Kubernetes ${versions}, ${refusals} refusals, ${planted} planted faults found, ${alerts} alerts, ${tests} tests of helm-unittest, values of ${kubeconfigs} kubeconfigs, all taken by the program; ${duration(performance.now() - began)})`);
} catch (error) {
  say(`chart: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
