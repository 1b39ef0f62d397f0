import type { Command } from './settings';

/** Whose syntax a command has. */
export type Shell = 'sh' | 'powershell';

/** What a command is made of. */
export interface CommandOptions {
  command: Command;
  shell: Shell;
  backstageUrl: string;
  sessionToken: string;
}

const IMAGE = 'backstage/oidc-helper';
const VARIABLE = 'BACKSTAGE_SESSION_TOKEN';
/** The user's machine, as containers know it. */
const DOCKER_HOST = 'host.docker.internal';

/** What to type to finish a login. The token is in the environment: what is on a command line, other users can see. */
export function commandLine(options: CommandOptions): string {
  const { shell, sessionToken } = options;
  const token = quote(sessionToken, shell);
  const program = programLine(options);
  return shell === 'sh'
    ? `${VARIABLE}=${token} ${program}`
    : `$env:${VARIABLE}=${token}; ${program}`;
}

function programLine({ command, shell, backstageUrl }: CommandOptions): string {
  switch (command) {
    case 'docker': {
      const { url, options } = fromContainer(backstageUrl);
      return `docker run --rm -it -p 127.0.0.1:8000:8000 -e ${VARIABLE} ${options}${IMAGE} login --no-browser --backend ${quote(
        url,
        shell,
      )}`;
    }
    case 'npx':
      return `npx backstage-oidc-helper login --backend ${quote(
        backstageUrl,
        shell,
      )}`;
    case 'binary':
    default:
      return `backstage-oidc-helper login --backend ${quote(
        backstageUrl,
        shell,
      )}`;
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
  const escaped = shell === 'sh' ? `'\\''` : `''`;
  return `'${value.replaceAll("'", escaped)}'`;
}

/** The shell that the person most likely has. */
export function likelyShell(userAgent: string): Shell {
  return userAgent.includes('Windows') ? 'powershell' : 'sh';
}
