#!/usr/bin/env node
'use strict';
// Runs the program that the package for this system holds, as if it had been called itself.

const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const { findProgram } = require('./find-program.js');
const { Refusal } = require('./refusal.js');
const { runProgram } = require('./run-program.js');

async function main() {
  const { platform, arch, env } = process;
  /** @type {import('./find-program.js').Manifest} */
  const own = JSON.parse(readFileSync(join(__dirname, 'package.json'), 'utf8'));
  const found = findProgram(own, { platform, arch, folder: __dirname, resolve: require.resolve, env });
  // The types are those of the oldest Node, which has none.
  await runProgram(found, process.argv.slice(2), { platform, execve: Object(process).execve });
}

main().catch((error) => {
  if (!(error instanceof Refusal)) {
    throw error;
  }
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitCode;
});
