import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';

import { parse, stringify } from 'yaml';

import { inRepository } from '../setup/repository.mjs';
import { changedSelectors } from './faults.mjs';

/** @typedef {import('./rendered.mjs').KubernetesObject} KubernetesObject */

/** @param {string} name of a values file */
const golden = (name) => inRepository('dev/chart/golden', `${name}.yaml`);

/**
 * @param {string} name of the values file
 * @param {KubernetesObject[]} objects
 */
export async function renewGolden(name, objects) {
  await writeFile(golden(name), stringify(objects, { aliasDuplicateObjects: false, lineWidth: 0 }));
}

/**
 * @param {string} name of the values file
 * @param {KubernetesObject[]} objects
 * @returns {Promise<string[]>} where they differ from the committed ones
 */
export async function goldenFaults(name, objects) {
  const before = parse(await readFile(golden(name), 'utf8'));
  try {
    assert.deepEqual(objects, before);
    return [];
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    return [...changedSelectors(before, objects), `dev/chart/golden/${name}.yaml says otherwise (RENEW_GOLDEN=1 make chart writes it anew): ${message}`];
  }
}
