import { say } from '../../dev/setup/steps.mjs';
import { inTurn } from '../measuring/turns.mjs';

/**
 * @typedef {import('../measuring/sample.mjs').Sample} Sample
 * @typedef {{[figure: string]: unknown}} Figures of one turn; a column names the numbers among them
 * @typedef {import('../measuring/sample.mjs').DirectSample} DirectSample
 * @typedef {import('../measuring/turns.mjs').Candidate<Sample | DirectSample>} LoadCandidate
 */

/**
 * @typedef {object} Scale how long a run takes
 * @property {number} turns of each candidate
 * @property {number} seconds of a turn
 */

/**
 * @typedef {object} Row one question, and those that answer it side by side
 * @property {string} title
 * @property {string} about what is asked and what was checked, a sentence or two
 * @property {Column[]} columns
 * @property {string} [failure] why it is not in the table
 * @property {string} [beside] the one of ours that others are compared with, where it is not the first
 * @property {Map<string, Figures[]>} samples by candidate, ours first: the figures of each turn
 * @property {Map<string, string>} [notes] by candidate
 */

/**
 * @typedef {object} Column
 * @property {string} figure its name in a sample
 * @property {string} heading
 * @property {number} digits behind the point
 * @property {boolean} [compared] with a column for the ratio of ours to each
 * @property {'most' | 'least'} [better] where an earlier binary is measured, ours may not be worse
 */

/**
 * @typedef {object} Group rows that share their parts
 * @property {string} name as ROWS has it
 * @property {(scale: Scale) => Promise<Row[]>} measure starts the parts, measures, and stops them
 */

/** The columns of a server under load. @type {Column[]} */
export const LOAD_COLUMNS = [
  { figure: 'perSecond', heading: 'requests a second', digits: 0, better: 'most' },
  { figure: 'perProcessorSecond', heading: 'requests a CPU second', digits: 0, compared: true, better: 'most' },
  { figure: 'medianMs', heading: 'median, ms', digits: 2 },
];

/**
 * @param {Map<string, (Sample | DirectSample)[]>} samples
 * @returns {Map<string, string>} what held each candidate up, which says what its requests a second are of
 */
export function limitsOf(samples) {
  return new Map([...samples].map(([name, taken]) => {
    const all = taken.filter((one) => 'limit' in one);
    if (all.length === 0) {
      return [name, 'nothing in between'];
    }
    const server = all.reduce((sum, { serverShare }) => sum + serverShare, 0) / all.length;
    const load = all.reduce((sum, { loadShare }) => sum + loadShare, 0) / all.length;
    const limits = new Set(all.map((one) => one.limit));
    const [only = 'other parts'] = limits.size === 1 ? limits : [];
    return [name, `${only} (server ${percent(server)}, load ${percent(load)})`];
  }));
}

/**
 * A row of servers under load.
 *
 * @param {string} title
 * @param {string} about
 * @param {LoadCandidate[]} candidates ours first
 * @param {number} turns
 * @param {string} [beside]
 * @returns {Promise<Row>}
 */
export async function loadRow(title, about, candidates, turns, beside) {
  const row = await rowOf({ title, about, columns: LOAD_COLUMNS, notesOf: limitsOf }, candidates, turns);
  return { ...row, ...(beside && { beside }) };
}

/**
 * Measures a row. A failure is the row's: the others are measured all the same.
 *
 * @template {Figures} S
 * @param {{title: string, about: string, columns: Column[], notesOf?: (samples: Map<string, S[]>) => Map<string, string>}} what
 * @param {import('../measuring/turns.mjs').Candidate<S>[]} candidates ours first
 * @param {number} turns
 * @param {'warm' | 'cold'} [first] whether a turn is taken before that does not count
 * @returns {Promise<Row>}
 */
export async function rowOf({ title, about, columns, notesOf }, candidates, turns, first) {
  try {
    const samples = await inTurn(candidates, turns, first);
    say(`✓ ${title}`);
    return { title, about, columns, samples, ...(notesOf && { notes: notesOf(samples) }) };
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    say(`✗ ${title}: ${failure}`);
    return { title, about, columns, samples: new Map(), failure };
  }
}

/** @param {number} share */
function percent(share) {
  return `${Math.round(share * 100)} %`;
}
