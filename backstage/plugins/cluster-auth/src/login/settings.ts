import type { ConfigApi } from '@backstage/frontend-plugin-api';

import type { Command } from './commands';

/** Where the helper runs, as people know it. */
export type HelperPlace = 'native' | 'container';

/** What of the dialog is configured. */
export interface LoginSettings {
  helperUrls: Record<HelperPlace, string>;
  /** In order of how little they need. */
  commands: Command[];
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
  };
}

/** Without a default: a name under which the helper is not published is free for others to publish under. */
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

/** `false` says what nothing said says: it was the way to hide a command. */
function chosenCommand(config: ConfigApi, name: 'docker' | 'npx') {
  const key = `clusterAuth.commands.${name}`;
  return config.getOptional(key) === false
    ? undefined
    : config.getOptionalConfig(key);
}

function binary(config: ConfigApi): Command[] {
  const isOffered = config.getOptionalBoolean('clusterAuth.commands.binary');
  return isOffered ?? true ? [{ kind: 'binary' }] : [];
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
  // The session token is posted there: it is not to leave the machine.
  if (!LOOPBACK.includes(url.hostname)) {
    throw new Error(
      `${key} must be on the user's own machine, such as ${fallback}: ${url.hostname} is not.`,
    );
  }
  return url.origin;
}
