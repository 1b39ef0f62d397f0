import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * What a document asks of a person: a change of a file, or commands in a shell.
 *
 * @typedef {{kind: 'change', file: string, before: string[], after: string[]} | {kind: 'run', commands: string}} Step
 */

/** Above commands that are run; others stand there for people only. */
const RUN = '<!-- run by `make stock-app` -->';

/**
 * The steps of a section: what its `diff` blocks change, and what its marked `sh` blocks run, in their order.
 *
 * @param {string} document its text
 * @param {string} heading the whole line; the section ends at the next heading
 * @returns {Step[]}
 */
export function stepsIn(document, heading) {
  return blocksIn(document, heading).flatMap(({ language, above, lines }) => {
    if (language === 'diff') {
      return changesIn(lines);
    }
    return language === 'sh' && above === RUN ? [{ kind: 'run', commands: lines.join('\n') }] : [];
  });
}

/**
 * The variables of a section's `env` block.
 *
 * @param {string} document
 * @param {string} heading
 * @returns {Record<string, string>}
 */
export function variablesIn(document, heading) {
  const lines = blocksIn(document, heading).filter(({ language }) => language === 'env').flatMap((block) => block.lines);
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

/**
 * @param {string} document
 * @param {string} heading
 */
function blocksIn(document, heading) {
  const all = document.split('\n');
  const begin = all.indexOf(heading);
  if (begin === -1) {
    throw new Error(`the document has no section "${heading}"`);
  }
  const blocks = [];
  for (let at = begin + 1; at < all.length && !/^#+ /.test(all[at] ?? ''); at += 1) {
    const [, language] = /^```(\w+)$/.exec(all[at] ?? '') ?? [];
    if (language) {
      const end = all.indexOf('```', at);
      blocks.push({ language, above: all[at - 1] ?? '', lines: all.slice(at + 1, end) });
      at = end;
    }
  }
  return blocks;
}

/**
 * @param {string[]} lines of a block; `@@ FILE @@` begins each change
 * @returns {Step[]}
 */
function changesIn(lines) {
  /** @type {Extract<Step, {kind: 'change'}>[]} */
  const changes = [];
  for (const line of lines) {
    const [, file] = /^@@ (\S+) @@$/.exec(line) ?? [];
    const change = changes.at(-1);
    if (file) {
      changes.push({ kind: 'change', file, before: [], after: [] });
    } else if (change) {
      const text = line.slice(1);
      change.before.push(...(line.startsWith('+') ? [] : [text]));
      change.after.push(...(line.startsWith('-') ? [] : [text]));
    } else {
      throw new Error(`a diff begins with "${line}", and not with the file that it changes`);
    }
  }
  return changes;
}

/**
 * Does what a document asks for with a file.
 *
 * @param {string} folder of the app
 * @param {Extract<Step, {kind: 'change'}>} change
 * @throws where the file has no such place, or several
 */
export async function apply(folder, { file, before, after }) {
  const path = join(folder, file);
  const lines = (await readFile(path, 'utf8')).split('\n');
  const places = lines.flatMap((_, at) => (before.every((line, index) => lines[at + index] === line) ? [at] : []));
  const [place] = places;
  if (place === undefined || places.length > 1) {
    throw new Error(`${file} has ${places.length} places, and not one, that read\n${before.join('\n')}`);
  }
  lines.splice(place, before.length, ...after);
  await writeFile(path, lines.join('\n'));
}
