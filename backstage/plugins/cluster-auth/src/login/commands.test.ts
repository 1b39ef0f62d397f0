/** @jest-environment node */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Command, Shell, commandLine } from './commands';

const BINARY: Command = { kind: 'binary' };
const DOCKER: Command = {
  kind: 'docker',
  image: 'registry.example.com/helper:1.2.3',
};
const NPX: Command = { kind: 'npx', packageSpec: '@example/helper@1.2.3' };
const NPX_OWN_REGISTRY: Command = {
  ...NPX,
  registry: 'https://npm.example.com/',
};
const TOKEN = 'dG9rZW4tb2YtYS1zZXNzaW9uLWluLXRlc3RzLW9ubHk';
const URL_WITH_QUOTE = "https://backstage.example.com/it's";

function line(
  command: Command,
  shell: Shell,
  backstageUrl = 'https://backstage.example.com',
) {
  return commandLine({ command, shell, backstageUrl, sessionToken: TOKEN });
}

/** The arguments and environment with which a real shell would start the program. */
function startedBySh(command: Command, backstageUrl?: string) {
  const programs = ['docker', 'npx', 'backstage-oidc-helper'];
  const functions = programs.map(
    name =>
      `${name}() { printf '%s\\n' ${name} "$@"; env | grep '^BACKSTAGE_SESSION_TOKEN='; }\n`,
  );
  const script = functions.join('') + line(command, 'sh', backstageUrl);
  // bash, not sh, since names of its functions may contain a dash.
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' })
    .trim()
    .split('\n');
}

describe('commandLine', () => {
  it('doubles every quotation mark that PowerShell knows', () => {
    const url = "https://backstage.example.com/'\u2018\u2019\u201a\u201b";
    expect(line(BINARY, 'powershell', url)).toContain(
      "login --backend 'https://backstage.example.com/''\u2018\u2018\u2019\u2019\u201a\u201a\u201b\u201b'",
    );
  });

  it.each([
    [
      DOCKER,
      'docker run --rm -it --read-only --cap-drop ALL -p 127.0.0.1:8000:8000 -e BACKSTAGE_SESSION_TOKEN registry.example.com/helper:1.2.3 login --no-browser --backend https://backstage.example.com',
    ],
    [
      BINARY,
      'backstage-oidc-helper login --backend https://backstage.example.com',
    ],
    [
      NPX,
      'npx @example/helper@1.2.3 login --backend https://backstage.example.com',
    ],
    [
      NPX_OWN_REGISTRY,
      'npx --registry https://npm.example.com/ @example/helper@1.2.3 login --backend https://backstage.example.com',
    ],
  ])('starts %o with the token in its environment', (command, expected) => {
    const [variable, ...words] = startedBySh(command).reverse();
    expect(words.reverse().join(' ')).toBe(expected);
    expect(variable).toBe(`BACKSTAGE_SESSION_TOKEN=${TOKEN}`);
  });

  it('keeps an address whole, whatever is in it', () => {
    expect(startedBySh(BINARY, URL_WITH_QUOTE)).toContain(URL_WITH_QUOTE);
  });

  it('names a Backstage on the same machine as a container sees it', () => {
    const words = startedBySh(DOCKER, 'http://localhost:7007');
    expect(words).toContain('http://host.docker.internal:7007');
    expect(words.join(' ')).toContain(
      '--add-host host.docker.internal:host-gateway',
    );
    expect(startedBySh(BINARY, 'http://localhost:7007')).toContain(
      'http://localhost:7007',
    );
  });

  it('leaves no token in the shell', () => {
    const script = `${line(
      BINARY,
      'sh',
    )} 2>/dev/null; printf '%s' "$BACKSTAGE_SESSION_TOKEN"`;
    expect(execFileSync('bash', ['-c', script], { encoding: 'utf8' })).toBe('');
  });

  it.each([
    [
      BINARY,
      `backstage-oidc-helper login --backend 'https://backstage.example.com/it''s'`,
    ],
    [
      DOCKER,
      `docker run --rm -it --read-only --cap-drop ALL -p 127.0.0.1:8000:8000 -e BACKSTAGE_SESSION_TOKEN 'registry.example.com/helper:1.2.3' login --no-browser --backend 'https://backstage.example.com/it''s'`,
    ],
    [
      NPX_OWN_REGISTRY,
      `npx.cmd --registry 'https://npm.example.com/' '@example/helper@1.2.3' login --backend 'https://backstage.example.com/it''s'`,
    ],
  ])(
    'takes the token of %o back from PowerShell, however it ends',
    (command, program) => {
      expect(line(command, 'powershell', URL_WITH_QUOTE)).toBe(
        `try { $env:BACKSTAGE_SESSION_TOKEN='${TOKEN}'; ${program} } finally { Remove-Item Env:BACKSTAGE_SESSION_TOKEN }`,
      );
    },
  );

  it.each(['bash', 'dash'])(
    'finds in %s what the install script has just installed, where its folder is in no PATH yet',
    shell => {
      const home = mkdtempSync(join(tmpdir(), 'home-'));
      const folder = join(home, '.local', 'bin');
      mkdirSync(folder, { recursive: true });
      const program = join(folder, 'backstage-oidc-helper');
      writeFileSync(program, '#!/bin/sh\necho "$BACKSTAGE_SESSION_TOKEN $*"\n');
      chmodSync(program, 0o755);
      const script = line({ kind: 'binary', byScript: true }, 'sh');
      const env = { HOME: home, PATH: '/usr/bin:/bin' };
      expect(
        execFileSync(shell, ['-c', script], { encoding: 'utf8', env }),
      ).toBe(`${TOKEN} login --backend https://backstage.example.com\n`);
      rmSync(home, { recursive: true });
    },
  );

  it('leaves the way to programs as it is in the shells of Windows', () => {
    const scripted: Command = { kind: 'binary', byScript: true };
    expect(line(scripted, 'powershell')).toBe(line(BINARY, 'powershell'));
    expect(line(scripted, 'cmd')).toBe(line(BINARY, 'cmd'));
  });

  it('begins with a space in sh, so that histories leave it out', () => {
    expect(line(BINARY, 'sh')).toMatch(/^ BACKSTAGE_SESSION_TOKEN=/);
    const lines = [
      'set -o history',
      'HISTCONTROL=ignorespace',
      'backstage-oidc-helper() { :; }',
      line(BINARY, 'sh'),
      'history',
    ];
    const history = execFileSync('bash', {
      encoding: 'utf8',
      input: lines.join('\n'),
    });
    expect(history).toContain('history');
    expect(history).not.toContain(TOKEN);
  });

  it.each([
    [
      BINARY,
      'backstage-oidc-helper login --backend "https://backstage.example.com"',
    ],
    [
      NPX_OWN_REGISTRY,
      'npx --registry "https://npm.example.com/" "@example/helper@1.2.3" login --backend "https://backstage.example.com"',
    ],
    [
      DOCKER,
      'docker run --rm -it --read-only --cap-drop ALL -p 127.0.0.1:8000:8000 -e BACKSTAGE_SESSION_TOKEN "registry.example.com/helper:1.2.3" login --no-browser --backend "https://backstage.example.com"',
    ],
  ])(
    'sets the token of %o in the Command Prompt, without a blank, and unsets it',
    (command, program) => {
      expect(line(command, 'cmd')).toBe(
        `set "BACKSTAGE_SESSION_TOKEN=${TOKEN}" & ${program} & set "BACKSTAGE_SESSION_TOKEN="`,
      );
    },
  );

  it('lets nothing in an address end its quotation marks in the Command Prompt', () => {
    const url = 'https://backstage.example.com/" & calc & "';
    expect(line(BINARY, 'cmd', url)).toContain(
      'login --backend "https://backstage.example.com/%22 & calc & %22" &',
    );
  });
});
