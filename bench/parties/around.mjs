import { mkdir, writeFile } from 'node:fs/promises';

import { startProcess } from '../../dev/idp/started-process.mjs';
import { inRepository } from '../../dev/setup/repository.mjs';
import { Signing } from './signing.mjs';

/**
 * The identity provider and Backstage's keys, each a process of its own.
 *
 * @param {import('./parts.mjs').Parts} parts
 * @returns {Promise<{issuer: string, backstage: string, signing: Signing}>}
 */
export async function startAround(parts) {
  const signing = new Signing();
  const keys = inRepository('target/bench/keys.json');
  await mkdir(inRepository('target/bench'), { recursive: true });
  await writeFile(keys, signing.published());
  // The quick one, which answers without a page; it is honest here.
  const idp = await parts.add(startProcess('hostile.mjs'));
  const backstage = await parts.add(startProcess('../../bench/parties/backstage.mjs', ['--keys', keys]));
  return { issuer: idp.announcement.issuer, backstage: backstage.announcement.issuer, signing };
}
