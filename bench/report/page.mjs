import { mkdir, rm, writeFile } from 'node:fs/promises';

import { inRepository } from '../../dev/setup/repository.mjs';
import { BASELINE_COMMIT } from '../measuring/earlier-binary.mjs';
import { chartOf } from './chart.mjs';
import { tableOf } from './table.mjs';

/** @typedef {import('../rows/row.mjs').Row} Row */
/** @typedef {import('./verdicts.mjs').Verdict} Verdict */

const HEAD = `# Performance

\`make bench\` writes this page. It measures release binaries, ours and those beside it, on one machine and in one run:

- **In turn.** A B C B C A: what changes on the machine meets all of them, and none is always after the same other one. One turn before is
  not counted. A figure is the median of the turns, with the least and the most behind it; a ratio is taken turn by turn.
- **A CPU second** is one of the server's processor time, user and system, of all its processes. Requests a second say what one
  processor did; what held it up stands in the last column, and where that was not the server before, no floor is judged by them.
- **Slower than before** is a row of which three quarters of the turns at least, all of three, are worse by more than 2 %, which two processes of
  one binary are apart.
- **Apart.** The server has one processor to itself. The load (wrk, a process of its own), the identity provider, Backstage's keys, Redis
  and the API server share what is left.
- **Right answers.** One request before and one after each turn is read whole and checked. Of the answers under load wrk counts as wrong those
  with a status above 399; any other wrong one shows only in their mean length, which has to be within 2 % of the checked ones'.
- **The load is not the limit.** Where the server does not fill its processor and wrk, or the client of the exec sessions, fills its own, the row
  fails. The client of callbacks, watches and storms is Node and that of the tab is Chromium: those times have the client's own in them.
- **It sees what it should.** \`make bench-planted\` builds the program with a sleep of one millisecond in the path of \`GET /token\`, and fails
  where these figures do not show it.
- **This machine's binary.** What is measured is what \`cargo build --release\` makes here, which is linked with glibc; the binaries of a release and of
  its image are linked with musl. "MiB as an image" is the last stage of our Dockerfile around this binary, and no image of a release.

A row that has failed or has not run is not here. \`ROWS=token,kubernetes make bench\` runs some. \`BEFORE=FILE make bench\` measures an earlier
binary of ours beside this one, which then may not be slower; \`BASELINE=FILE\` does the same with the binary of commit ${BASELINE_COMMIT}, which one floor
more is judged beside.
`;

/**
 * @param {object} run
 * @param {Row[]} run.rows
 * @param {Verdict[]} run.verdicts
 * @param {string} run.machine
 * @param {import('../rows/row.mjs').Scale} run.scale
 */
export async function writePage({ rows, verdicts, machine, scale }) {
  const charts = inRepository('docs/performance');
  await rm(charts, { recursive: true, force: true });
  await mkdir(charts, { recursive: true });
  const sections = [];
  for (const row of rows.filter(({ failure }) => !failure)) {
    const column = row.columns.find(({ compared }) => compared) ?? row.columns[0];
    const name = `${nameOf(row.title)}.svg`;
    const chart = column && row.samples.size > 1 ? `\n![${row.title}](performance/${name})\n` : '';
    if (column && chart) {
      await writeFile(inRepository('docs/performance', name), chartOf(row, column));
    }
    sections.push(`## ${row.title}\n\n${row.about}\n\n${tableOf(row)}\n${chart}`);
  }
  const of = `## The machine\n\n${machine}\n- ${scale.turns} turns of ${scale.seconds} s, unless a row says otherwise\n`;
  const body = sections.length === 0 ? ['Nothing has been measured yet.\n'] : [of, floorsOf(verdicts), ...sections];
  await writeFile(inRepository('docs/performance.md'), [HEAD, ...body].filter((section) => section !== '').join('\n'));
}

/** @param {Verdict[]} verdicts @returns {string} */
export function floorsOf(verdicts) {
  if (verdicts.length === 0) {
    return '';
  }
  const lines = verdicts.map(({ floor, was, holds }) => `| ${floor.text} | ${floor.kind} | ${was} | ${answerOf(holds)} |`);
  const missed = verdicts.filter(({ holds }) => holds === false).map(({ floor }) => floor);
  const reasons = [...new Set(missed.flatMap(({ inTheWay = [] }) => inTheWay))];
  const items = reasons.map((reason) => `- ${missed.filter(({ inTheWay }) => inTheWay === reason).map(({ text }) => text).join('; ')}: ${reason}\n`);
  const inTheWay = items.length === 0 ? '' : `\nWhat stands in the way of those that are not met:\n\n${items.join('')}`;
  const kinds = 'A floor that does not hold fails the run, a goal that is not met does not. A figure beside them is neither, and is here for honesty.';
  return `## Floors and goals\n\n${kinds}\n\n| | | measured | holds |\n| --- | --- | ---: | --- |\n${lines.join('\n')}\n${inTheWay}`;
}

/** @param {boolean | undefined} holds */
function answerOf(holds) {
  if (holds === undefined) {
    return '—';
  }
  return holds ? 'yes' : 'no';
}

/** @param {string} title @returns {string} as a file */
export function nameOf(title) {
  return title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '');
}
