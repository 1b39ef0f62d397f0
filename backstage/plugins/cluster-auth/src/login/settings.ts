import type { ConfigApi } from '@backstage/frontend-plugin-api';

/** Where the helper runs, as people know it. */
export type HelperPlace = 'native' | 'container';

/** The ways to run the helper once, in order of how little they need. */
export const COMMANDS = ['docker', 'binary', 'npx'] as const;

/** A way to run the helper once. */
export type Command = (typeof COMMANDS)[number];

/** What of the dialog is configured. */
export interface LoginSettings {
  helperUrls: Record<HelperPlace, string>;
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
    commands: COMMANDS.filter(
      command =>
        config.getOptionalBoolean(`clusterAuth.commands.${command}`) ?? true,
    ),
  };
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
