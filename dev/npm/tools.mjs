import { inRepository } from '../setup/repository.mjs';

/** @param {string} path @returns {string} where one of the packages has a file that package-lock.json beside this file pins */
export function tool(path) {
  return inRepository('dev/npm/node_modules', path);
}
