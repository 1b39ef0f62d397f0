'use strict';

const { existsSync } = require('node:fs');
const { join, sep } = require('node:path');

/** How package managers add an optional package to a project; npm also where its configuration leaves them out. */
const ADD = {
  npm: 'npm install --save-optional --include=optional',
  pnpm: 'pnpm add --save-optional',
  yarn: 'yarn add --optional',
  bun: 'bun add --optional',
};

/**
 * The command that installs the package for this system, the way that the launcher was installed.
 *
 * @param {string} missing its name
 * @param {import('./find-program.js').Manifest} own
 * @param {import('./find-program.js').Machine} machine
 */
function remedy(missing, own, machine) {
  const wanted = `${missing}@${own.version}`;
  if (machine.folder.split(sep).includes('_npx')) {
    // What npx has once installed it does not look at again; for another list of packages it has another folder.
    return `run \`npx -p ${own.name}@${own.version} -p ${wanted} backstage-oidc-helper\` instead.`;
  }
  return `run \`${isGlobal(machine.folder) ? 'npm install -g' : addCommand(machine.env)} ${wanted}\`, then this again.`;
}

/** @param {string} folder `…/node_modules/@scope/name`: nothing but a project has a manifest beside its node_modules */
function isGlobal(folder) {
  const modules = join(folder, '..', '..');
  return modules.endsWith(`${sep}node_modules`) && !existsSync(join(modules, '..', 'package.json'));
}

/** @param {Record<string, string | undefined>} env package managers say in it who they are when they run something */
function addCommand(env) {
  const [agent = ''] = (env['npm_config_user_agent'] ?? '').split('/');
  const [, command = ADD.npm] = Object.entries(ADD).find(([name]) => name === agent) ?? [];
  return command;
}

module.exports = { remedy };
