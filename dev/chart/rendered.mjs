import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

import { parseAllDocuments } from 'yaml';

import { goProgram } from '../setup/go-programs.mjs';
import { inRepository } from '../setup/repository.mjs';

/**
 * `any`, here and where parts of a manifest are handed on: each kind has a shape of its own, Kubernetes' schemas check it in `make chart`, and
 * what a chart renders by mistake has to be read as well.
 *
 * @typedef {{apiVersion: string, kind: string, metadata: {name: string, namespace?: string, [more: string]: any}, [more: string]: any}} KubernetesObject
 */

export const CHART = inRepository('charts/backstage-oidc-helper');

/** @typedef {'helm3' | 'helm4'} Helm */
export const HELMS = /** @type {const} */ (['helm3', 'helm4']);

/** Where it would be installed. */
export const NAMESPACE = 'portal';
const RELEASE = ['demo', '--namespace', NAMESPACE];

/** helm built without its own flags takes the cluster for 1.20. */
const CLUSTER = ['--kube-version', '1.36.0'];

/** The values files that everything is tried with, by name. */
export const MATRIX = new Map(['ci', 'examples'].flatMap((folder) => readdirSync(join(CHART, folder)).toSorted()
  .map((file) => /** @type {const} */ ([basename(file, '.yaml'), join(CHART, folder, file)]))));

/**
 * @param {string} program
 * @param {string[]} args
 * @returns {Promise<string>} what it prints
 * @throws with what it says
 */
export async function run(program, ...args) {
  try {
    return (await promisify(execFile)(program, args, { maxBuffer: 1 << 26 })).stdout;
  } catch (error) {
    const { stdout = '', stderr = '', message } = /** @type {import('node:child_process').ExecFileException} */ (error);
    throw new Error(`${stdout}${stderr}`.trim() || message);
  }
}

/**
 * @param {Helm} helm
 * @param {string[]} args
 */
export async function lint(helm, ...args) {
  return run(goProgram(helm), 'lint', CHART, '--strict', '--namespace', NAMESPACE, ...CLUSTER, ...args);
}

/**
 * @param {Helm} helm
 * @param {string[]} args such as `--values` with a file
 * @returns {Promise<KubernetesObject[]>} by kind and name
 */
export function template(helm, ...args) {
  return templateOf(CHART, helm, ...args);
}

/**
 * The same of a chart that something was planted in.
 *
 * @param {string} chart
 * @param {Helm} helm
 * @param {string[]} args
 */
export async function templateOf(chart, helm, ...args) {
  return parsed(await run(goProgram(helm), 'template', ...RELEASE, chart, ...CLUSTER, ...args));
}

/**
 * @param {string} text
 * @returns {KubernetesObject[]}
 */
function parsed(text) {
  // As Kubernetes reads it: 0400 is octal.
  const documents = parseAllDocuments(text, { version: '1.1' });
  const objects = documents.flatMap((document) => {
    if (document.errors.length > 0) {
      throw document.errors[0];
    }
    return document.toJS() ?? [];
  });
  const key = (/** @type {KubernetesObject} */ { kind, metadata }) => `${kind} ${metadata.name}`;
  return objects.toSorted((one, other) => key(one).localeCompare(key(other), 'en'));
}
