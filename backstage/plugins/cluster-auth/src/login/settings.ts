import type { ConfigApi } from '@backstage/frontend-plugin-api';

import type { Command } from './commands';

/** How the helper runs. */
export type HelperPlace = 'native' | 'container';

/** The configuration of the dialog. */
export interface LoginSettings {
  helperUrls: Record<HelperPlace, string>;
  commands: Command[];
  install: InstallSettings;
}

/** What the dialog tells a person who has no helper yet. Addresses have no default, as with commands. */
export interface InstallSettings {
  /** Whether it suggests the easiest way. */
  suggest: boolean;
  /** A page that says how to get the helper. */
  guide?: string;
  /** Where the browser extension can be had. */
  extension?: string;
  /** The same for Firefox, if it is another page. */
  extensionForFirefox?: string;
  /** The install script for Linux and macOS. */
  script?: string;
  /** The Scoop manifest for Windows. */
  scoop?: string;
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** Reads `clusterAuth` of the app's configuration. */
export function readLoginSettings(config: ConfigApi): LoginSettings {
  return {
    helperUrls: {
      native: helperUrl(config, 'native', 'http://localhost:8888'),
      container: helperUrl(config, 'container', 'http://localhost:8000'),
    },
    commands: [...docker(config), ...binary(config), ...npx(config)],
    install: {
      suggest: config.getOptionalBoolean('clusterAuth.install.suggest') ?? true,
      guide: secureUrl(config, 'guide'),
      extension: secureUrl(config, 'extension'),
      extensionForFirefox: secureUrl(config, 'extensionForFirefox'),
      script: secureUrl(config, 'script'),
      scoop: secureUrl(config, 'scoop'),
    },
  };
}

/** What is downloaded from there is run on users' machines. */
function secureUrl(
  config: ConfigApi,
  name: Exclude<keyof InstallSettings, 'suggest'>,
) {
  const key = `clusterAuth.install.${name}`;
  const value = config.getOptionalString(key);
  if (value === undefined) {
    return undefined;
  }
  const { protocol, hostname, href } = new URL(value);
  const isPlain = protocol === 'http:' && LOOPBACK.includes(hostname);
  if (protocol !== 'https:' && !isPlain) {
    throw new Error(`${key} must begin with https://: ${value} does not.`);
  }
  return href;
}

/** Without a default: anyone could publish under a default name that is not ours. */
function docker(config: ConfigApi): Command[] {
  const chosen = chosenCommand(config, 'docker');
  if (!chosen) {
    return [];
  }
  const tag = chosen.getOptionalString('tag');
  return [
    { kind: 'docker', image: withTag(chosen.getString('image'), ':', tag) },
  ];
}

/** `false` is the same as unset: it was the way to hide a command. */
function chosenCommand(config: ConfigApi, name: 'docker' | 'npx') {
  const key = `clusterAuth.commands.${name}`;
  return config.getOptional(key) === false
    ? undefined
    : config.getOptionalConfig(key);
}

function binary(config: ConfigApi): Command[] {
  const isOffered = config.getOptionalBoolean('clusterAuth.commands.binary');
  const byScript = config.has('clusterAuth.install.script');
  return isOffered ?? true
    ? [{ kind: 'binary', ...(byScript && { byScript }) }]
    : [];
}

function npx(config: ConfigApi): Command[] {
  const chosen = chosenCommand(config, 'npx');
  if (!chosen) {
    return [];
  }
  const tag = chosen.getOptionalString('tag');
  const packageSpec = withTag(chosen.getString('package'), '@', tag);
  return [
    {
      kind: 'npx',
      packageSpec,
      registry: chosen.getOptionalString('registry'),
    },
  ];
}

function withTag(name: string, separator: string, tag: string | undefined) {
  return tag === undefined ? name : `${name}${separator}${tag}`;
}

function helperUrl(config: ConfigApi, place: HelperPlace, fallback: string) {
  const key = `clusterAuth.helperUrls.${place}`;
  const url = new URL(config.getOptionalString(key) ?? fallback);
  // The session token is posted there and must not leave the machine.
  if (!LOOPBACK.includes(url.hostname)) {
    throw new Error(
      `${key} must be on the user's own machine, such as ${fallback}: ${url.hostname} is not.`,
    );
  }
  return url.origin;
}
