import { CALLBACK } from './callback.mjs';
import { EXEC } from './exec.mjs';
import { KUBERNETES } from './kubernetes.mjs';
import { START } from './start.mjs';
import { STORM } from './storm.mjs';
import { TAB } from './tab.mjs';
import { TOKEN } from './token.mjs';
import { USERS } from './users.mjs';
import { WATCHES } from './watches.mjs';

/** All rows, by what they share. @type {import('./row.mjs').Group[]} */
export const GROUPS = [START, CALLBACK, TOKEN, KUBERNETES, WATCHES, EXEC, STORM, USERS, TAB];

/**
 * @param {string | undefined} names as ROWS has them, separated by commas; all where it is unset
 * @returns {import('./row.mjs').Group[]}
 */
export function chosenGroups(names) {
  if (!names) {
    return GROUPS;
  }
  return names.split(',').map((name) => {
    const group = GROUPS.find((one) => one.name === name);
    if (!group) {
      throw new Error(`there are no rows ${name}: name some of ${GROUPS.map((one) => one.name).join(', ')}`);
    }
    return group;
  });
}
