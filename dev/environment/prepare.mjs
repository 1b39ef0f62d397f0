import { installNodePackages } from '../setup/node-packages.mjs';
import { buildProgram } from '../setup/program.mjs';
import { inRepository } from '../setup/repository.mjs';
import { findRust } from '../setup/rust.mjs';
import { say, step } from '../setup/steps.mjs';
import { installSystemPackages } from '../setup/system-packages.mjs';
import { buildFrontend } from './frontend-bundle.mjs';

/**
 * Installs and builds what the environment runs, as far as it is not there yet.
 *
 * @param {{log: string, packages: Parameters<typeof installSystemPackages>[0]}} options packages: of the system
 */
export async function prepare({ log, packages }) {
  findRust();
  await installSystemPackages(packages, { log, say });
  await installNodePackages(inRepository('dev'), {
    log,
    say: () => say('Installing the npm packages of the development servers (a few seconds, once).'),
  });
  await installNodePackages(inRepository('backstage'), {
    log,
    say: () => say('Installing the npm packages of Backstage: two minutes, once.'),
  });
  await step('program', () => buildProgram({ log }));
  await step('frontend', () => buildFrontend({ log }));
}
