import { isInstalled, pathOf, runCommand } from './command.mjs';

/** The Debian and Ubuntu packages of each program, installed when it is missing. */
const PACKAGES = {
  cc: 'build-essential',
  python3: 'python3',
  // With the font that the pictures of the browser tests have.
  chromium: 'chromium fonts-dejavu-core',
  'firefox-esr': 'firefox-esr',
  'redis-server': 'redis-server',
  ip: 'iproute2',
  kubectl: 'kubernetes-client',
  faketime: 'faketime',
  prometheus: 'prometheus',
  shellcheck: 'shellcheck',
  zsh: 'zsh',
  fish: 'fish',
  sshd: 'openssh-server',
  ssh: 'openssh-client',
  tinyproxy: 'tinyproxy-bin',
  systemctl: 'systemd',
  java: 'openjdk-17-jre-headless',
  mvn: 'maven',
  podman: 'podman netavark aardvark-dns iptables',
  runc: 'runc',
  debootstrap: 'debootstrap',
  git: 'git',
  pip3: 'python3-pip',
  'x86_64-w64-mingw32-gcc': 'gcc-mingw-w64-x86-64',
  wine: 'wine wine64',
  ruby: 'ruby',
  curl: 'curl',
  wget: 'wget',
  shasum: 'perl',
  'qemu-aarch64-static': 'qemu-user-static',
  WebKitWebDriver: 'webkit2gtk-driver',
  Xvfb: 'xvfb',
  wrk: 'wrk',
  nginx: 'nginx',
  // With the module that is measured.
  apache2: 'apache2 libapache2-mod-auth-openidc',
  taskset: 'util-linux',
};

/** @typedef {keyof typeof PACKAGES} SystemProgram */

/** Browsers that dev/browser can drive instead of Debian's chromium. */
const OTHER_BROWSERS = ['chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Something is missing that cannot be installed here; the message says what to do. */
export class MissingProgram extends Error {}

/**
 * @param {readonly SystemProgram[]} programs
 * @returns {SystemProgram[]} those that are not there
 */
export function missingPrograms(programs) {
  return programs.filter((program) => !isInstalled(program) && !(program === 'chromium' && chooseOtherBrowser()));
}

/**
 * Installs the packages of the programs that are missing.
 *
 * @param {readonly SystemProgram[]} programs
 * @param {{log: string, say: (line: string) => void}} options
 * @returns {Promise<string[]>} the programs that were missing
 * @throws {MissingProgram}
 */
export async function installSystemPackages(programs, { log, say }) {
  const missing = missingPrograms(programs);
  if (missing.length === 0) {
    return [];
  }
  const packages = missing.flatMap((program) => PACKAGES[program].split(' '));
  const apt = aptCommand(missing, packages);
  say(`Installing ${packages.join(', ')} with apt (a minute or two, once).`);
  const variables = { DEBIAN_FRONTEND: 'noninteractive' };
  await runCommand({ line: [...apt, 'update'], variables, log });
  await runCommand({ line: [...apt, 'install', '-y', '--no-install-recommends', ...packages], variables, log });
  return missing;
}

/**
 * @param {string[]} missing
 * @param {string[]} packages
 * @returns {string[]}
 */
function aptCommand(missing, packages) {
  if (isInstalled('apt-get') && process.getuid?.() === 0) {
    return ['apt-get'];
  }
  if (isInstalled('apt-get') && isInstalled('sudo')) {
    return ['sudo', '--preserve-env=DEBIAN_FRONTEND', 'apt-get'];
  }
  throw new MissingProgram(
    `${missing.join(', ')} cannot be installed here without root, sudo and apt: install ${packages.join(', ')}, then run this again`,
  );
}

/** @returns {boolean} whether there is a browser for dev/browser that has another name */
function chooseOtherBrowser() {
  const browser = process.env['CHROMIUM'] ?? OTHER_BROWSERS.map(pathOf).find((path) => path !== undefined);
  if (browser === undefined) {
    return false;
  }
  // Set only to a browser that exists: assigning undefined would set the variable to the word "undefined".
  process.env['CHROMIUM'] = browser;
  return true;
}
