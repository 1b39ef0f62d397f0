import type { ConfigApi } from '@backstage/core-plugin-api';

import type { BrowserMemory } from './BrowserMemory';
import type { Command, Shell } from './commands';
import { type HelperPlace, readLoginSettings } from './settings';

/** A way to log in: a running helper, or one of the commands. */
export type Way = 'helper' | Command['kind'];

const WAYS: Way[] = ['helper', 'binary', 'docker', 'npx'];
const SHELLS: Shell[] = ['sh', 'powershell', 'cmd'];

/** How the last login in this browser was done. */
export interface RememberedWays {
  /** The way of the last login that succeeded. */
  lastWay(): Way | undefined;
  setLastWay(way: Way): void;
  /** The address of the helper that gets the next login without a click; none if it did not answer the last time. */
  provenHelper(): string | undefined;
  setProvenHelper(helperUrl: string | undefined): void;
  helperPlace(): HelperPlace;
  setHelperPlace(place: HelperPlace): void;
  /** The shell that the user chose. */
  shell(): Shell | undefined;
  setShell(shell: Shell): void;
}

/** An address that is not configured any more is ignored, so that no session token is sent there. */
export function rememberedWays(
  memory: BrowserMemory,
  configApi: ConfigApi,
): RememberedWays {
  const known: string[] = Object.values(
    readLoginSettings(configApi).helperUrls,
  );
  return {
    lastWay: () => WAYS.find(way => way === memory.get('lastWay')),
    setLastWay: way => memory.set('lastWay', way),
    provenHelper: () => known.find(url => url === memory.get('provenHelper')),
    setProvenHelper: helperUrl => memory.set('provenHelper', helperUrl),
    helperPlace: () =>
      memory.get('helperPlace') === 'container' ? 'container' : 'native',
    setHelperPlace: place => memory.set('helperPlace', place),
    shell: () => SHELLS.find(shell => shell === memory.get('shell')),
    setShell: shell => memory.set('shell', shell),
  };
}
