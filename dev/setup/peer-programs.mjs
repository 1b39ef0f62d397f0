import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';

import { runCommand } from './command.mjs';
import { goFor } from './go.mjs';
import { inRepository } from './repository.mjs';

/** The Go module that pins what `make bench` measures beside ours. */
const MODULE = inRepository('bench/peers/oauth2-proxy');
const PACKAGE = 'github.com/oauth2-proxy/oauth2-proxy/v7';

/** @returns {string} where it is once it has been built: another place for each content of the module */
export function oauth2Proxy() {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) {
    hash.update(readFileSync(join(MODULE, file)));
  }
  return inRepository('target/tools', `oauth2-proxy-${hash.digest('hex').slice(0, 12)}`);
}

/** @returns {string} its version, as the module pins it */
export function oauth2ProxyVersion() {
  return /oauth2-proxy\/v7 (v[\d.]+)/.exec(readFileSync(join(MODULE, 'go.mod'), 'utf8'))?.[1] ?? 'unknown';
}

export function oauth2ProxyIsThere() {
  return existsSync(oauth2Proxy());
}

/** @param {string} log */
export async function buildOauth2Proxy(log) {
  const go = await goFor(MODULE, log);
  const unfinished = `${oauth2Proxy()}.unfinished`;
  await runCommand({ line: [go, 'build', '-trimpath', '-buildvcs=false', '-ldflags=-s -w', '-o', unfinished, PACKAGE], folder: MODULE, log });
  await rename(unfinished, oauth2Proxy());
}
