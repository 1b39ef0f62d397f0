#!/usr/bin/env node
// `make backstage-test`: the browser tests of backstage/browser-tests, in a network of their own.
import { NEEDS } from '../setup/needs.mjs';
import { runBrowserTests } from './browser-tests.mjs';
import { prepare } from './prepare.mjs';

await runBrowserTests({
  name: 'backstage-test',
  folder: 'backstage/browser-tests',
  prepare: (log) => prepare({ log, needs: NEEDS['backstage-test'] }),
});
