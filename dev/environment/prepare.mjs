import { buildProgram } from '../setup/program.mjs';
import { setUp } from '../setup/setup.mjs';
import { step } from '../setup/steps.mjs';
import { buildFrontend } from './frontend-bundle.mjs';

/**
 * Installs and builds what the environment runs, as far as it is not there yet.
 *
 * @param {{log: string, needs: import('../setup/needs.mjs').Needs}} options
 */
export async function prepare({ log, needs }) {
  await setUp(needs, log);
  await step('program', () => buildProgram({ log }));
  await step('frontend', () => buildFrontend({ log }));
}
