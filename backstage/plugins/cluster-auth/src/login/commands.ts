/** A way to run the helper once. */
export type Command =
  | { kind: 'binary' }
  /** `image` with its registry and tag. */
  | { kind: 'docker'; image: string }
  /** `packageSpec` with its tag; without a registry, npm's own configuration names it. */
  | { kind: 'npx'; packageSpec: string; registry?: string };

/** Whose syntax a command has. */
export type Shell = 'sh' | 'powershell';

/** What a command is made of. */
export interface CommandOptions {
  command: Command;
  shell: Shell;
  backstageUrl: string;
  sessionToken: string;
}

const VARIABLE = 'BACKSTAGE_SESSION_TOKEN';
/** The user's machine, as containers know it. */
const DOCKER_HOST = 'host.docker.internal';

/**
 * What to type to finish a login. The token is in the environment: what is on a command line, other users can see. It is in that of
 * the program alone: one that stayed in the terminal would win over all other credentials from then on.
 */
export function commandLine(options: CommandOptions): string {
  const { shell, sessionToken } = options;
  const token = quote(sessionToken, shell);
  const program = programLine(options);
  return shell === 'sh'
    ? `${VARIABLE}=${token} ${program}`
    : // PowerShell has no variables for one command; `finally` also runs when the program fails and on Ctrl-C.
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

/** A Backstage on the user's own machine has another name in a container. */
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
  // PowerShell takes typographic quotation marks for the straight one, too.
  return shell === 'sh'
    ? `'${value.replaceAll("'", `'\\''`)}'`
    : `'${value.replace(/['\u2018-\u201b]/g, '$&$&')}'`;
}

/** The shell that the person most likely has. */
export function likelyShell(userAgent: string): Shell {
  return userAgent.includes('Windows') ? 'powershell' : 'sh';
}
