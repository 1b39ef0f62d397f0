#!/usr/bin/env node
// Raises the packages of the stock app to the newest, as its admin does, and keeps the lock file for `make stock-app`.
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { create, inShell, LOCK } from './template.mjs';

const folder = await mkdtemp(join(tmpdir(), 'stock-app-'));
try {
  await create(folder);
  await inShell(join(folder, 'app'), "yarn up --mode=update-lockfile '@backstage/*'");
  await cp(join(folder, 'app/yarn.lock'), LOCK);
} finally {
  await rm(folder, { recursive: true });
}
