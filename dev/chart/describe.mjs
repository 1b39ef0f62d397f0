#!/usr/bin/env node
// Writes the table of charts/backstage-oidc-helper/README.md and the descriptions of values.schema.json out of the comments of values.yaml and
// docs/settings.md. `--check` writes nothing and fails where they are not up to date.
import { readFile, writeFile } from 'node:fs/promises';

import { inRepository } from '../setup/repository.mjs';
import { described, describedSchema, table } from './described.mjs';

const CHART = inRepository('charts/backstage-oidc-helper');
const [BEGIN, END] = ['<!-- values: written by dev/chart/describe.mjs -->', '<!-- end of values -->'];

/** @param {string} name */
const read = (name) => readFile(`${CHART}/${name}`, 'utf8');

const values = described(await read('values.yaml'));
const [before = '', , after = ''] = (await read('README.md')).split(new RegExp(`${BEGIN}|${END}`));
const schema = describedSchema(JSON.parse(await read('values.schema.json')), values, await readFile(inRepository('docs/settings.md'), 'utf8'));
const written = {
  'README.md': `${before}${BEGIN}\n${table(values)}\n${END}${after}`,
  'values.schema.json': `${JSON.stringify(schema, null, 2)}\n`,
};
for (const [name, text] of Object.entries(written)) {
  if ((await read(name)) === text) {
    continue;
  }
  if (process.argv.includes('--check')) {
    throw new Error(`charts/backstage-oidc-helper/${name} is not up to date: run node dev/chart/describe.mjs`);
  }
  await writeFile(`${CHART}/${name}`, text);
  process.stdout.write(`${name}: written\n`);
}
