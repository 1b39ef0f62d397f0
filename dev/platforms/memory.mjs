import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { copyFile, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { programPath } from '../release/builds.mjs';
import { TARGETS } from '../release/targets.mjs';
import { DLL, EMPTY_PROGRAM, WINDOWS_PROGRAM } from './windows-build.mjs';

/** @typedef {import('../demo/program.mjs').Program} Program */

const KIB_PER_MIB = 1024;

/**
 * What the proxy takes while it waits: its resident memory, and what of that any program takes under Wine. Of the released program, where
 * `make release` has left one.
 *
 * @param {import('./wine.mjs').Wine} wine
 * @param {string} backend
 * @returns {Promise<string>}
 */
export async function memoryOfWaitingProxy(wine, backend) {
  const released = releasedProgram();
  const [program, build] = existsSync(released) ? [released, 'released'] : [WINDOWS_PROGRAM, 'debug'];
  if (program === released) {
    await copyFile(DLL, join(dirname(program), basename(DLL)));
  }
  const empty = wine.begin('windows-empty', [], {}, [EMPTY_PROGRAM]);
  const proxy = wine.begin('windows-memory', ['proxy', '--backend', backend], { LOG_FORMAT: 'json' }, [program]);
  try {
    await empty.line(/waiting/);
    await proxy.line(/"message":"listening"/);
    assert.equal((await fetch('http://localhost:8888/readyz')).status, 200);
    const [whole, ofAny] = await Promise.all([residentMib(proxy), residentMib(empty)]);
    assert.ok(whole > ofAny && ofAny > 0, `${whole} MiB is no measurement beside ${ofAny} MiB`);
    return `the proxy (${build}) waits in ${whole} MiB, and an empty program in ${ofAny} MiB`;
  } finally {
    await Promise.all([proxy.stop(), empty.stop()]);
  }
}

function releasedProgram() {
  const target = TARGETS.find(({ os, cpu }) => os === 'win32' && cpu === 'x64');
  assert.ok(target);
  return programPath(target, 'release');
}

/** @param {Program} program @returns {Promise<number>} */
async function residentMib(program) {
  const status = await readFile(`/proc/${program.number}/status`, 'utf8');
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return Math.round(Number(kib) / KIB_PER_MIB);
}
