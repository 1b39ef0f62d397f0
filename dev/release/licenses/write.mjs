#!/usr/bin/env node
// `make licenses`: writes THIRD-PARTY-LICENSES.txt anew, which is to be done when Cargo.lock has changed.
import { writeFile } from 'node:fs/promises';

import { runCommand } from '../../setup/command.mjs';
import { NEEDS } from '../../setup/needs.mjs';
import { inRepository } from '../../setup/repository.mjs';
import { setUp } from '../../setup/setup.mjs';
import { say, step } from '../../setup/steps.mjs';
import { licenseTexts, THIRD_PARTY } from './texts.mjs';

const LOG = inRepository('target/licenses.log');

try {
  await step('setup', async () => {
    await setUp(NEEDS.licenses, LOG);
    await runCommand({ line: ['cargo', 'fetch', '--locked'], log: LOG });
  });
  const text = await step('licenses', () => licenseTexts(LOG));
  await writeFile(inRepository(THIRD_PARTY), text);
  say(`licenses: ok (${text.length} characters in ${THIRD_PARTY})`);
} catch (error) {
  say(`licenses: failed (${error instanceof Error ? error.message : error})`);
  process.exitCode = 1;
}
