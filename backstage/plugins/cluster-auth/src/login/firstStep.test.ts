import type { Command, Shell } from './commands';
import { easiestFirst, extensionAddress, firstStep } from './firstStep';
import { type System, likelyShell } from './machine';
import type { InstallSettings } from './settings';

const NPX: Command = { kind: 'npx', packageSpec: '@example/helper' };
const BINARY: Command = { kind: 'binary' };
const DOCKER: Command = {
  kind: 'docker',
  image: 'registry.example.com/helper',
};
const ALL = [DOCKER, BINARY, NPX];
const ADDRESSES: InstallSettings = {
  suggest: true,
  script: 'https://downloads.example.com/helper/install.sh',
  scoop: 'https://downloads.example.com/helper.json',
};
const NO_ADDRESSES: InstallSettings = { suggest: true };

function kinds(system: System, install: InstallSettings, commands = ALL) {
  return easiestFirst(commands, system, install).map(({ kind }) => kind);
}

function step(
  command: Command,
  system: System,
  install: InstallSettings,
  shell: Shell = likelyShell(system),
) {
  return firstStep(command, { commands: ALL, shell, system, install });
}

describe('easiestFirst', () => {
  it('is the program by its script where there is a shell, and npx on Windows', () => {
    for (const system of ['linux', 'macos', 'chromeos', 'other'] as const) {
      expect(kinds(system, ADDRESSES)).toEqual(['binary', 'npx', 'docker']);
    }
    expect(kinds('windows', ADDRESSES)).toEqual(['npx', 'binary', 'docker']);
  });

  it('is no program of which the page does not know how to get it', () => {
    expect(kinds('linux', NO_ADDRESSES)).toEqual(['npx', 'docker', 'binary']);
    expect(kinds('macos', NO_ADDRESSES, [DOCKER, BINARY])).toEqual([
      'docker',
      'binary',
    ]);
    const onlyScript = { ...NO_ADDRESSES, script: ADDRESSES.script };
    expect(kinds('windows', onlyScript)).toEqual(['npx', 'docker', 'binary']);
  });

  it('leaves what is configured as it is', () => {
    const commands = [DOCKER, NPX];
    expect(kinds('linux', ADDRESSES, commands)).toEqual(['npx', 'docker']);
    expect(commands).toEqual([DOCKER, NPX]);
    expect(kinds('linux', ADDRESSES, [])).toEqual([]);
  });
});

describe('extensionAddress', () => {
  const extension = 'https://store.example.com/helper';
  const extensionForFirefox = 'https://addons.example.com/helper';

  it('is what is configured, for Firefox its own if there is one', () => {
    const both = { suggest: true, extension, extensionForFirefox };
    expect(extensionAddress('Chrome', both)).toBe(extension);
    expect(extensionAddress('Edge', both)).toBe(extension);
    expect(extensionAddress('Firefox', both)).toBe(extensionForFirefox);
    expect(extensionAddress('Firefox', { suggest: true, extension })).toBe(
      extension,
    );
    const onlyFirefox = { suggest: true, extensionForFirefox };
    expect(extensionAddress('Chrome', onlyFirefox)).toBeUndefined();
  });

  it('is none for other browsers, and none by default', () => {
    const both = { suggest: true, extension, extensionForFirefox };
    expect(extensionAddress(undefined, both)).toBeUndefined();
    expect(extensionAddress('Chrome', NO_ADDRESSES)).toBeUndefined();
  });
});

describe('firstStep', () => {
  it('calls no command the easiest way where the extension is to be had', () => {
    const extension = 'https://store.example.com/helper';
    const options = {
      commands: ALL,
      shell: 'sh' as const,
      system: 'linux' as const,
      install: { ...ADDRESSES, extension },
    };
    const sentence = 'Run this once to install it:';
    expect(firstStep(BINARY, { ...options, browser: 'Edge' })).toMatchObject({
      sentence,
    });
    expect(firstStep(BINARY, options).sentence).toMatch(/easiest/);
  });

  it.each([
    ['linux', 'On Linux, the program is the easiest way.'],
    ['macos', 'On macOS, the program is the easiest way.'],
    [
      'chromeos',
      'In the Linux environment of ChromeOS, the program is the easiest way.',
    ],
  ] as const)('installs the program by its script: %s', (system, praise) => {
    expect(step(BINARY, system, ADDRESSES)).toEqual({
      sentence: `${praise} Run this once to install it:`,
      line: "curl -fsSL 'https://downloads.example.com/helper/install.sh' | BASE_URL='https://downloads.example.com/helper' sh",
    });
  });

  it('brings Node.js to Windows', () => {
    const { sentence, line } = step(NPX, 'windows', ADDRESSES);
    expect(sentence).toMatch(/^On Windows, npx is the easiest way\. /);
    expect(sentence).toMatch(/and then open a new terminal:$/);
    expect(line).toBe('winget install OpenJS.NodeJS.LTS');
  });

  it('installs the program on Windows with Scoop, and by the script in WSL', () => {
    const ofScoop = 'scoop install';
    const manifest = 'https://downloads.example.com/helper.json';
    expect(step(BINARY, 'windows', ADDRESSES)).toEqual({
      sentence: 'Run this once to install it, with Scoop:',
      line: `${ofScoop} '${manifest}'`,
    });
    expect(step(BINARY, 'windows', ADDRESSES, 'cmd').line).toBe(
      `${ofScoop} "${manifest}"`,
    );
    expect(step(BINARY, 'windows', ADDRESSES, 'sh').line).toMatch(/^curl /);
  });

  it('says what is needed of a way that is not the easiest, and no more', () => {
    expect(step(NPX, 'macos', ADDRESSES)).toEqual({
      sentence: 'It needs Node.js, and installs nothing else.',
    });
    expect(step(DOCKER, 'linux', ADDRESSES)).toEqual({
      sentence: 'It needs Docker, and installs nothing else.',
    });
  });

  it('compares nothing where there is one way', () => {
    const options = {
      commands: [NPX],
      shell: 'sh' as const,
      system: 'linux' as const,
      install: NO_ADDRESSES,
    };
    expect(firstStep(NPX, options).sentence).toMatch(/^It needs Node\.js/);
  });

  it('sends to the admins, or to their page, where nothing says how to get the program', () => {
    const options = {
      commands: [BINARY],
      shell: 'sh' as const,
      system: 'linux' as const,
    };
    expect(firstStep(BINARY, { ...options, install: NO_ADDRESSES })).toEqual({
      sentence:
        'This command needs the program backstage-oidc-helper: ask the admins of this Backstage how to get it.',
    });
    const install = { ...NO_ADDRESSES, guide: 'https://wiki.example.com/' };
    expect(firstStep(BINARY, { ...options, install })).toEqual({
      sentence: 'This command needs the program backstage-oidc-helper.',
    });
  });
});
