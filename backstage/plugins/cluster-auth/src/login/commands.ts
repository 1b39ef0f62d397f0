/** A way to run the helper once. */
export type Command =
  /** `byScript` where the install script is offered, which puts it into a folder of the user's own. */
  | { kind: 'binary'; byScript?: boolean }
  /** `image` with its registry and tag. */
  | { kind: 'docker'; image: string }
  /** `packageSpec` with its tag; without a registry, npm's own configuration names it. */
  | { kind: 'npx'; packageSpec: string; registry?: string };

/** The shell of a command; `cmd` is the Command Prompt of Windows. */
export type Shell = 'sh' | 'powershell' | 'cmd';

/** The parts of a command. */
export interface CommandOptions {
  command: Command;
  shell: Shell;
  backstageUrl: string;
  sessionToken: string;
}

const VARIABLE = 'BACKSTAGE_SESSION_TOKEN';
/** Where the install script puts the program. The terminal may not look there before its user has logged in to the machine again. */
const SCRIPTS_FOLDER = 'PATH="$PATH:$HOME/.local/bin" ';
/** The user's machine, as seen from a container. */
const DOCKER_HOST = 'host.docker.internal';

/**
 * The command that finishes a login. The token is in the environment, since other users can see command lines. It is set for the
 * program only: a token that stayed in the terminal would take precedence over all other credentials from then on.
 */
export function commandLine(options: CommandOptions): string {
  const { shell, sessionToken } = options;
  const token = quote(sessionToken, shell);
  const program = programLine(options);
  switch (shell) {
    case 'powershell':
      // It cannot set a variable for one command; `finally` also runs when the program fails and on Ctrl-C. Newer ones
      // leave lines that say "token" out of their history.
      return `try { $env:${VARIABLE}=${token}; ${program} } finally { Remove-Item Env:${VARIABLE} }`;
    case 'cmd':
      // It cannot either, and knows no `finally`: after Ctrl-C the token, which is good for five minutes, stays until the window is
      // closed. A `cmd /c` of its own would show it in the list of processes. There is no history on disk.
      return `set "${VARIABLE}=${sessionToken}" & ${program} & set "${VARIABLE}="`;
    case 'sh':
    default:
      // Many shells leave a line that begins with a space out of their history.
      return ` ${VARIABLE}=${token} ${program}`;
  }
}

function programLine({ command, shell, backstageUrl }: CommandOptions): string {
  const quoted = (value: string) => quote(value, shell);
  switch (command.kind) {
    case 'docker': {
      const { url, options } = fromContainer(backstageUrl);
      const image = quoted(command.image);
      return `docker run --rm -it --read-only --cap-drop ALL -p 127.0.0.1:8000:8000 -e ${VARIABLE} ${options}${image} login --no-browser --backend ${quoted(
        url,
      )}`;
    }
    case 'npx': {
      const { registry, packageSpec } = command;
      const options = registry ? `--registry ${quoted(registry)} ` : '';
      // PowerShell would take npx.ps1, and Windows does not let it run scripts unless its user has changed that.
      const npx = shell === 'powershell' ? 'npx.cmd' : 'npx';
      return `${npx} ${options}${quoted(packageSpec)} login --backend ${quoted(
        backstageUrl,
      )}`;
    }
    case 'binary':
    default: {
      const path = command.byScript && shell === 'sh' ? SCRIPTS_FOLDER : '';
      return `${path}backstage-oidc-helper login --backend ${quoted(
        backstageUrl,
      )}`;
    }
  }
}

/** In a container, a Backstage on the user's own machine has another name. */
function fromContainer(backstageUrl: string) {
  const url = new URL(backstageUrl);
  if (!['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)) {
    return { url: backstageUrl, options: '' };
  }
  url.hostname = DOCKER_HOST;
  return {
    url: url.href.replace(/\/$/, ''),
    options: `--add-host ${DOCKER_HOST}:host-gateway `,
  };
}

/** A value as one word of a shell. */
export function quote(value: string, shell: Shell): string {
  switch (shell) {
    case 'powershell':
      // It treats typographic quotation marks like the straight one.
      return `'${value.replace(/['\u2018-\u201b]/g, '$&$&')}'`;
    case 'cmd':
      // It knows no way to write a quotation mark within quotes; an address has it in this way.
      return `"${value.replaceAll('"', '%22')}"`;
    case 'sh':
    default:
      return `'${value.replaceAll("'", `'\\''`)}'`;
  }
}
