#!/usr/bin/env node
// Checks the extension's source with the rules that Backstage has for its plugins; they lie below backstage/, and so do their parts.
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { inRepository } from '../../dev/setup/repository.mjs';

const BACKSTAGE = inRepository('backstage');
const fromBackstage = createRequire(join(BACKSTAGE, 'package.json'));
const { ESLint } = fromBackstage('eslint');
const { createConfigForRole } = fromBackstage('@backstage/cli/config/eslint-factory');

const eslint = new ESLint({
  cwd: BACKSTAGE,
  useEslintrc: false,
  resolvePluginsRelativeTo: BACKSTAGE,
  baseConfig: { root: true, ...createConfigForRole(BACKSTAGE, 'web-library', { settings: { react: { version: '18.0' } } }) },
});
const results = await eslint.lintFiles([inRepository('extension/src/**/*.ts')]);
const formatter = await eslint.loadFormatter('stylish');
process.stdout.write(await formatter.format(results));
process.stdout.write(`${results.length} files\n`);
process.exitCode = results.some((/** @type {{errorCount: number, warningCount: number}} */ { errorCount, warningCount }) => errorCount + warningCount > 0) ? 1 : 0;
