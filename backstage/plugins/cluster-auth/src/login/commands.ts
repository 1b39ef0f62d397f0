/** A way to run the helper once. */
export type Command =
  | { kind: 'binary' }
  /** `image` with its registry and tag. */
  | { kind: 'docker'; image: string }
  /** `packageSpec` with its tag; without a registry, npm's own configuration names it. */
  | { kind: 'npx'; packageSpec: string; registry?: string };

/** The shell of a command. */
export type Shell = 'sh' | 'powershell';

/** The parts of a command. */
export interface CommandOptions {
  command: Command;
  shell: Shell;
  backstageUrl: string;
  sessionToken: string;
}

const VARIABLE = 'BACKSTAGE_SESSION_TOKEN';
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
  return shell === 'sh'
    ? `${VARIABLE}=${token} ${program}`
    : // PowerShell cannot set a variable for one command; `finally` also runs when the program fails and on Ctrl-C.
      `try { $env:${VARIABLE}=${token}; ${program} } finally { Remove-Item Env:${VARIABLE} }`;
}

function programLine({ command, shell, backstageUrl }: CommandOptions): string {
  const quoted = (value: string) => quote(value, shell);
  switch (command.kind) {
    case 'docker': {
      const { url, options } = fromContainer(backstageUrl);
      const image = quoted(command.image);
      return `docker run --rm -it -p 127.0.0.1:8000:8000 -e ${VARIABLE} ${options}${image} login --no-browser --backend ${quoted(
        url,
      )}`;
    }
    case 'npx': {
      const { registry, packageSpec } = command;
      const options = registry ? `--registry ${quoted(registry)} ` : '';
      return `npx ${options}${quoted(packageSpec)} login --backend ${quoted(
        backstageUrl,
      )}`;
    }
    case 'binary':
    default:
      return `backstage-oidc-helper login --backend ${quoted(backstageUrl)}`;
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

function quote(value: string, shell: Shell): string {
  // PowerShell treats typographic quotation marks like the straight one.
  return shell === 'sh'
    ? `'${value.replaceAll("'", `'\\''`)}'`
    : `'${value.replace(/['\u2018-\u201b]/g, '$&$&')}'`;
}

/** The shell that the user most likely has. */
export function likelyShell(userAgent: string): Shell {
  return userAgent.includes('Windows') ? 'powershell' : 'sh';
}
