import { type Command, type Shell, quote } from './commands';
import { type Browser, type System, likelyShell } from './machine';
import type { InstallSettings } from './settings';

type Kind = Command['kind'];

/** What a person needs before a command works. */
export interface FirstStep {
  sentence: string;
  /** A command to run first. */
  line?: string;
}

/**
 * The ways, the easiest first, for a person who has none of them.
 *
 * - Linux and macOS have curl, or get it with one word, and a shell: the install script is one line, wants no rights, and what it
 *   installs opens the browser. The same holds in the Linux environment of ChromeOS.
 * - On Windows nothing of that kind is there from the start. Scoop has to be installed first, and PowerShell runs its installer only after
 *   a change of the execution policy. Many people with a Backstage have Node.js, and winget, which Windows has, brings it in one line.
 * - Docker is last everywhere: where it is not there yet it takes an installer, an administrator and often a licence, and a container
 *   can neither open the browser nor remember a confirmed Backstage.
 */
const EASIEST_FIRST: Record<'windows' | 'elsewhere', Kind[]> = {
  windows: ['npx', 'binary', 'docker'],
  elsewhere: ['binary', 'npx', 'docker'],
};

const WHERE: Record<System, string> = {
  windows: 'On Windows',
  macos: 'On macOS',
  linux: 'On Linux',
  chromeos: 'In the Linux environment of ChromeOS',
  handheld: 'Here',
  other: 'Here',
};

const NAMES: Record<Kind, string> = {
  npx: 'npx',
  binary: 'the program',
  docker: 'Docker',
};

/**
 * Where this browser gets the extension. It is the easiest way wherever it is to be had: it wants no program, no terminal and no rights on
 * the machine, and opens every login by itself.
 */
export function extensionAddress(
  browser: Browser | undefined,
  { extension, extensionForFirefox }: InstallSettings,
): string | undefined {
  switch (browser) {
    case undefined:
      return undefined;
    case 'Firefox':
      return extensionForFirefox ?? extension;
    default:
      return extension;
  }
}

/** What the configuration offers, the easiest first; a program that the page cannot say how to get comes last. */
export function easiestFirst(
  commands: Command[],
  system: System,
  install: InstallSettings,
): Command[] {
  const order = EASIEST_FIRST[system === 'windows' ? 'windows' : 'elsewhere'];
  const shell = likelyShell(system);
  const rank = ({ kind }: Command) =>
    order.indexOf(kind) + (isObtainable(kind, shell, install) ? 0 : 10);
  return [...commands].sort((one, other) => rank(one) - rank(other));
}

/** What is needed for a command, and that it is the easiest way on this machine if it is. */
export function firstStep(
  command: Command,
  options: {
    commands: Command[];
    shell: Shell;
    system: System;
    browser?: Browser;
    install: InstallSettings;
    isExtensionThere?: boolean;
  },
): FirstStep {
  const { commands, shell, system, browser, install } = options;
  const { kind } = command;
  if (!isObtainable(kind, shell, install)) {
    return {
      sentence: `This command needs the program backstage-oidc-helper${
        install.guide
          ? '.'
          : ': ask the admins of this Backstage how to get it.'
      }`,
    };
  }
  const [easiest] = easiestFirst(commands, system, install);
  const isEasiest =
    easiest.kind === kind &&
    commands.length > 1 &&
    !options.isExtensionThere &&
    !extensionAddress(browser, install);
  const praise = isEasiest
    ? `${WHERE[system]}, ${NAMES[kind]} is the easiest way. `
    : '';
  const { sentence, line } = need(kind, shell, install);
  return { sentence: praise + sentence, line };
}

function isObtainable(kind: Kind, shell: Shell, install: InstallSettings) {
  return kind !== 'binary' || installLine(shell, install) !== undefined;
}

function need(kind: Kind, shell: Shell, install: InstallSettings): FirstStep {
  switch (kind) {
    case 'npx':
      return shell === 'sh'
        ? { sentence: 'It needs Node.js, and installs nothing else.' }
        : {
            sentence:
              'It needs Node.js, and installs nothing else. If you do not have Node.js, run this, and then open a new terminal:',
            line: 'winget install OpenJS.NodeJS.LTS',
          };
    case 'docker':
      return {
        sentence: 'It needs Docker, and installs nothing else.',
      };
    case 'binary':
    default:
      return {
        sentence: `Run this once to install it${
          shell === 'sh' ? '' : ', with Scoop'
        }:`,
        line: installLine(shell, install),
      };
  }
}

/** In a shell of Linux or macOS the script, in those of Windows Scoop. */
function installLine(
  shell: Shell,
  { script, scoop }: InstallSettings,
): string | undefined {
  if (shell === 'sh') {
    return script && scriptLine(script);
  }
  return scoop && `scoop install ${quote(scoop, shell)}`;
}

/** The script takes the program from where it lies itself, not from where the project publishes it. */
function scriptLine(script: string) {
  const folder = new URL('.', script).href.replace(/\/$/, '');
  return `curl -fsSL ${quote(script, 'sh')} | BASE_URL=${quote(
    folder,
    'sh',
  )} sh`;
}
