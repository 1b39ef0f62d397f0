import { spawnSync } from 'node:child_process';

import { DrivenBrowser } from '../demo/driven-browser.mjs';
import { kept, usable } from '../demo/headless.mjs';
import { Parts } from '../demo/parts.mjs';
import { Program } from '../demo/program.mjs';
import { Portal } from '../portal/portal.mjs';
import { say, step } from '../setup/steps.mjs';
import { logInAtIdp } from './browser-login.mjs';
import { podman } from './podman.mjs';
import { shownCommands, toward } from './shown-commands.mjs';

/** @typedef {import('./shown-commands.mjs').ShownCommand} ShownCommand */

/** Roles of the program that a command may name. */
const PROXY = 'proxy';
const LOGIN = 'login';

const CONTAINER = 'oidc-helper-published';

/** What every container runs as and with, whatever its command says. */
const CONFIGURATION = '{{.Config.User}} {{.HostConfig.ReadonlyRootfs}}';
const EXPECTED = '65532:65532 true';

/**
 * Runs the image by every command that the documents show, beside a backend on this machine, and logs in through each.
 *
 * @param {string} image
 * @param {string[]} libraries files of this machine that the container sees
 */
export async function logInByShownCommands(image, libraries) {
  const commands = await shownCommands();
  const roles = new Set(commands.map(roleOf));
  if (!roles.has(PROXY) || !roles.has(LOGIN)) {
    throw new Error(`the documents show too few commands: ${[...roles].join(', ')}`);
  }
  for (const command of commands) {
    say(`${command.document}: docker run ${command.options.join(' ')} … ${command.args.join(' ')}`);
    await logInBy(command, image, libraries);
  }
}

/**
 * @param {ShownCommand} command
 * @param {string} image
 * @param {string[]} libraries
 */
async function logInBy(command, image, libraries) {
  const parts = new Parts();
  try {
    const portal = await Portal.start({ inContainer: true });
    const backend = await step('start', () => parts.start(async () => portal));
    const helper = parts.add(await start(command, image, portal.port, libraries));
    const browser = parts.add(await DrivenBrowser.start());
    const logIn = roleOf(command) === LOGIN ? logInOnce : logInThroughProxy;
    await logIn(helper, browser);
    await step('keep', () => kept(backend));
    await step('use', () => usable(backend));
  } finally {
    await parts.stop();
    await podman('rm', '--force', '--ignore', '--time', '0', CONTAINER);
  }
}

/** @param {ShownCommand} command */
function roleOf({ args: [role = PROXY] }) {
  return role;
}

/**
 * The image's own role, which goes on after the login.
 *
 * @param {Program} helper
 * @param {DrivenBrowser} browser
 */
async function logInThroughProxy(helper, browser) {
  await step('listening', () => helper.line(/"message":"listening"/));
  await checkConfiguration(CONTAINER);
  await step('healthcheck', () => podman('healthcheck', 'run', CONTAINER));
  await step('login', () => logInThroughPage(browser));
}

/**
 * Begins a login on the helper's own page.
 *
 * @param {DrivenBrowser} browser
 */
export async function logInThroughPage(browser) {
  await browser.act({ op: 'open', url: 'http://localhost:8000/' });
  await browser.act({ op: 'click', selector: '#login' });
  await logInAtIdp(browser);
}

/**
 * One login: the link that it prints is opened here, where the port is published, and the Backstage confirmed there.
 *
 * @param {Program} helper
 * @param {DrivenBrowser} browser
 */
async function logInOnce(helper, browser) {
  const line = await step('listening', () => helper.line(/Open http:\/\/localhost:8000\/go\//));
  await checkConfiguration(CONTAINER);
  await helper.line(/^The link reaches this container where it was started with -p 127\.0\.0\.1:8000:8000/);
  // Podman may write a byte of its own before the first line.
  await helper.line(/Nothing of this login is kept on this machine \(\//);
  await step('login', async () => {
    await browser.act({ op: 'open', url: /http:\S+/.exec(line)?.[0] });
    await browser.act({ op: 'click', selector: '#continue' });
    await logInAtIdp(browser);
    await helper.line(/^Connected: user:default\/felix/);
  });
  const code = await helper.exit();
  if (code !== 0) {
    throw new Error(`the login ended with ${code}`);
  }
}

/**
 * @param {string} container
 * @throws when it has other rights than the documents promise
 */
export async function checkConfiguration(container) {
  const configuration = await podman('inspect', '--format', CONFIGURATION, container);
  if (configuration !== EXPECTED) {
    throw new Error(`the container runs as ${configuration}, not as ${EXPECTED}`);
  }
}

/**
 * @param {ShownCommand} command
 * @param {string} image
 * @param {number} port of Backstage on this machine
 * @param {string[]} libraries files of this machine that the container sees
 */
async function start({ options, args }, image, port, libraries) {
  const machine = await podman('network', 'inspect', 'podman', '--format', '{{(index .Subnets 0).Gateway}}');
  const backstage = `http://host.docker.internal:${port}`;
  const more = [
    '--name', CONTAINER,
    '--add-host', `host.docker.internal:${machine}`,
    ...(options.includes('--read-only') ? [] : ['--read-only']),
    ...libraries.map((file) => `--volume=${file}:${file}:ro`),
  ];
  const words = ['run', ...more, ...[...withoutName(options), image, ...args].map((word) => toward(word, backstage))];
  if (options.includes('-d')) {
    await podman(...words);
    return new Program('helper-container', ['logs', '--follow', CONTAINER], {}, 'podman');
  }
  if (!options.includes('-it')) {
    return new Program('helper-container', words, {}, 'podman');
  }
  // It wants a terminal: `script` is one, and copies what it shows.
  const line = ['podman', ...words].join(' ');
  return new Program('helper-container', ['-c', 'exec script --quiet --return --flush --command "$0" /dev/null >&2', line], {}, 'sh');
}

/**
 * @param {string[]} options
 * @returns {string[]} without the name that the document gives the container: here it has its own
 */
function withoutName(options) {
  const at = options.indexOf('--name');
  return at === -1 ? options : options.toSpliced(at, 2);
}

/**
 * @param {string} program
 * @returns {string[]} the files that it is linked with
 */
export function librariesOf(program) {
  const { stdout } = spawnSync('ldd', [program], { encoding: 'utf8' });
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
}
