/**
 * @typedef {object} Needs what has to be on the machine
 * @property {readonly import('./system-packages.mjs').SystemProgram[]} programs of the system, from apt
 * @property {readonly string[]} folders with npm packages that are needed
 * @property {readonly import('./tools.mjs').Tool[]} tools from rustup, PyPI, Maven and Go modules
 */

/** What rustup installs; the other tools are kept in target/. */
const RUST = /** @type {const} */ (['clippy', 'rustfmt', 'Rust for Windows and macOS', 'Rust for every released system']);

const LINT_TOOLS = /** @type {const} */ (['clippy', 'rustfmt', 'cargo-deny']);
const CROSS_TOOLS = /** @type {const} */ (['Rust for Windows and macOS', 'zig']);
const CROSS_PROGRAMS = /** @type {const} */ (['x86_64-w64-mingw32-gcc', 'python3', 'pip3']);

const IN_BROWSER = /** @type {const} */ (['chromium', 'ip']);
const SSH = /** @type {const} */ (['sshd', 'ssh']);
/** What the install script uses one or the other of. */
const INSTALL_SCRIPT = /** @type {const} */ (['curl', 'wget', 'shasum']);
/** The completions are tried in them. */
const SHELLS = /** @type {const} */ (['zsh', 'fish']);
const CONTAINERS = /** @type {const} */ (['podman', 'runc']);
const BACKSTAGE = /** @type {const} */ (['cc', 'python3', 'redis-server']);

/** Where there is no Go that serves, pip installs one. */
const KUBECTL = /** @type {const} */ (['cc', 'python3', 'pip3', 'ip']);
const NODE = 'kubectl, kubelogin and a node';
/** How `make image-quick` builds and runs an image. */
const QUICK_IMAGE = /** @type {const} */ (['cc', ...IN_BROWSER, ...CONTAINERS, 'pip3']);
const CHART = /** @type {const} */ (['helm', 'helm-unittest', 'kubernetes-validate']);

const TEST_PROGRAMS = /** @type {const} */ ([
  ...BACKSTAGE, ...IN_BROWSER, 'firefox-esr', ...SSH, ...INSTALL_SCRIPT, ...SHELLS, 'pip3', 'shellcheck', 'kubectl', 'prometheus', 'tinyproxy', 'wrk',
]);
const TEST_FOLDERS = /** @type {const} */ (['dev', 'dev/backstage', 'dev/npm', 'backstage', 'extension']);

/** By the targets of the Makefile; `make setup` installs what all of them need. */
export const NEEDS = /** @satisfies {Record<string, Needs>} */ ({
  // A newcomer runs this first, so it installs only what a login in their own browser needs.
  demo: { programs: ['cc'], folders: ['dev'], tools: [] },
  'demo HEADLESS=1': { programs: ['cc', ...IN_BROWSER], folders: ['dev'], tools: [] },
  backstage: { programs: BACKSTAGE, folders: ['dev', 'backstage'], tools: [] },
  'backstage HEADLESS=1': { programs: [...BACKSTAGE, 'ip'], folders: ['dev', 'backstage'], tools: [] },
  'backstage-test': { programs: [...BACKSTAGE, ...IN_BROWSER], folders: ['dev', 'backstage'], tools: [] },
  'extension-test': { programs: [...BACKSTAGE, ...IN_BROWSER, 'firefox-esr'], folders: ['dev', 'dev/backstage', 'backstage', 'extension'], tools: [] },
  extension: { programs: [], folders: ['dev', 'extension'], tools: [] },
  storm: { programs: ['cc', 'redis-server', 'ip'], folders: ['dev'], tools: [] },
  upgrade: { programs: ['cc', 'redis-server', 'ip', 'git'], folders: ['dev'], tools: [] },
  bench: {
    programs: [...BACKSTAGE, ...IN_BROWSER, ...CONTAINERS, 'pip3', 'git', 'taskset', 'wrk', 'nginx', 'apache2'],
    folders: ['dev', 'backstage'],
    tools: [NODE, 'oauth2-proxy'],
  },
  simulation: { programs: ['cc'], folders: [], tools: [] },
  mutations: { programs: ['cc'], folders: [], tools: [] },
  watches: { programs: ['cc', 'python3', 'ip'], folders: ['dev', 'dev/backstage'], tools: [] },
  million: { programs: ['cc', 'redis-server', 'ip'], folders: ['dev'], tools: [] },
  providers: { programs: ['cc', 'redis-server', ...IN_BROWSER, 'java', 'mvn', 'pip3'], folders: ['dev'], tools: ['Keycloak', 'Dex and Zitadel'] },
  kubectl: { programs: KUBECTL, folders: ['dev', 'dev/backstage'], tools: [NODE, 'helm'] },
  'kubectl KUBECTL_TESTS=brief': { programs: KUBECTL, folders: ['dev', 'dev/backstage'], tools: [NODE] },
  // kube-apiserver is most of twenty minutes, once.
  'kubectl-real': { programs: KUBECTL, folders: ['dev', 'dev/backstage'], tools: [NODE, 'helm', 'k9s', 'etcd', 'kube-apiserver'] },
  'kubectl-hours': { programs: [...KUBECTL, 'faketime'], folders: ['dev', 'dev/backstage'], tools: [NODE, 'kubectl and k9s on a moved clock'] },
  platforms: {
    programs: [...BACKSTAGE, ...IN_BROWSER, 'x86_64-w64-mingw32-gcc', 'wine', 'WebKitWebDriver', 'Xvfb'],
    folders: ['dev', 'dev/backstage', 'dev/platforms/node-for-windows', 'backstage'],
    tools: ['Rust for Windows and macOS'],
  },
  release: {
    programs: ['cc', ...CROSS_PROGRAMS, ...CONTAINERS, 'ruby', 'git'],
    folders: ['dev'],
    tools: ['Rust for every released system', 'zig', 'cargo-deb', 'cargo-cyclonedx', 'cargo-about'],
  },
  // With Apple's own linker, and for macOS alone.
  'release on macOS': { programs: [], folders: ['dev'], tools: ['Rust for every released system', 'cargo-cyclonedx'] },
  licenses: { programs: ['cc', 'python3', 'pip3'], folders: ['dev'], tools: ['Rust for every released system', 'zig', 'cargo-about'] },
  'release-test': { programs: ['cc', ...IN_BROWSER, 'qemu-aarch64-static', 'debootstrap'], folders: ['dev'], tools: [] },
  'image-quick': { programs: QUICK_IMAGE, folders: ['dev'], tools: ['podman-compose'] },
  image: { programs: ['cc', ...IN_BROWSER, ...CONTAINERS, 'debootstrap', 'pip3'], folders: ['dev'], tools: ['podman-compose'] },
  lint: { programs: ['cc', 'shellcheck', ...CROSS_PROGRAMS], folders: ['dev', 'backstage', 'extension'], tools: [...LINT_TOOLS, ...CROSS_TOOLS] },
  program: { programs: [...BACKSTAGE, ...IN_BROWSER, ...SSH, ...SHELLS, 'pip3', 'kubectl', 'prometheus', 'tinyproxy', 'systemctl'], folders: ['dev', 'dev/backstage'], tools: [NODE] },
  'stock-app': { programs: ['cc', 'python3', 'git', ...IN_BROWSER], folders: ['dev', 'backstage', 'backstage/stock-app'], tools: [] },
  'stock-app image': { programs: [...CONTAINERS, 'debootstrap'], folders: [], tools: [] },
  npm: { programs: ['cc', 'python3', ...IN_BROWSER], folders: ['dev', 'dev/npm'], tools: [] },
  chart: { programs: ['cc', 'python3', 'pip3', 'prometheus'], folders: ['dev'], tools: CHART },
  'chart-container': { programs: [...QUICK_IMAGE, 'redis-server'], folders: ['dev'], tools: ['helm', 'podman-compose'] },
  'chart-real': { programs: KUBECTL, folders: ['dev', 'dev/backstage'], tools: [NODE, 'helm', 'etcd', 'kube-apiserver', 'definitions of other kinds'] },
  packed: { programs: ['cc', 'python3'], folders: ['backstage'], tools: [] },
  test: { programs: TEST_PROGRAMS, folders: TEST_FOLDERS, tools: [...LINT_TOOLS, NODE, ...CHART] },
  'test-all': { programs: [...TEST_PROGRAMS, ...CROSS_PROGRAMS, 'systemctl'], folders: TEST_FOLDERS, tools: [...LINT_TOOLS, ...CROSS_TOOLS, NODE, ...CHART] },
});

/** @returns {Needs} what all targets need; `make bench`, `make providers`, `make kubectl-real`, `make kubectl-hours` and `make chart-real` bring their own, which take long */
export function allNeeds() {
  const { bench: _____, providers: _, 'kubectl-real': __, 'kubectl-hours': ___, 'chart-real': ____, ...others } = NEEDS;
  return together(Object.values(others));
}

/**
 * @param {Needs} needs
 * @returns {Needs} the part that is kept outside of the checkout
 */
export function ofMachine({ programs, tools }) {
  return { programs, folders: [], tools: tools.filter((tool) => RUST.some((name) => name === tool)) };
}

/**
 * @param {Needs[]} all
 * @returns {Needs}
 */
export function together(all) {
  return {
    programs: [...new Set(all.flatMap(({ programs }) => programs))],
    folders: [...new Set(all.flatMap(({ folders }) => folders))],
    tools: [...new Set(all.flatMap(({ tools }) => tools))],
  };
}
