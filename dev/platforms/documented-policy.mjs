import { writeFile } from 'node:fs/promises';

import { snippetsOf } from '../../backstage/documents/snippets.mjs';
import { inRepository } from '../setup/repository.mjs';

/**
 * Writes down the configuration that docs/backstage.md shows for Safari.
 *
 * @param {string} file
 * @throws when the document shows none, or several
 */
export async function writeDocumentedPolicy(file) {
  const blocks = snippetsOf(inRepository('docs/backstage.md')).filter(({ text }) => text.includes('upgrade-insecure-requests'));
  const [block] = blocks;
  if (block === undefined || blocks.length > 1) {
    throw new Error(`docs/backstage.md has ${blocks.length} blocks with upgrade-insecure-requests, and one is to be tried`);
  }
  await writeFile(file, block.text);
}
