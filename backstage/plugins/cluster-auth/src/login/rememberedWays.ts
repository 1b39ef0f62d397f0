import type { ConfigApi } from '@backstage/core-plugin-api';

import type { BrowserMemory } from './BrowserMemory';
import type { Command, Shell } from './commands';
import { type HelperPlace, readLoginSettings } from './settings';

/** A way to log in: the browser extension, a running helper, or one of the commands. */
export type Way = 'extension' | 'helper' | Command['kind'];

/** Whether the extension, where it is there, begins by itself, or waits for a click. */
export type ExtensionBegins = 'at-once' | 'on-click';

const WAYS: Way[] = ['extension', 'helper', 'binary', 'docker', 'npx'];
const SHELLS: Shell[] = ['sh', 'powershell', 'cmd'];

/** How the last login in this browser was done. */
export interface RememberedWays {
  /** The way of the last login that succeeded. */
  lastWay(): Way | undefined;
  setLastWay(way: Way): void;
  /** The address of the helper that gets the next login without a click; none if it did not answer the last time. */
  provenHelper(): string | undefined;
  setProvenHelper(helperUrl: string | undefined): void;
  /** `on-click` after a login that came by another way although the extension was there. */
  extensionBegins(): ExtensionBegins;
  setExtensionBegins(begins: ExtensionBegins): void;
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
    extensionBegins: () =>
      memory.get('extensionBegins') === 'on-click' ? 'on-click' : 'at-once',
    setExtensionBegins: begins => memory.set('extensionBegins', begins),
    helperPlace: () =>
      memory.get('helperPlace') === 'container' ? 'container' : 'native',
    setHelperPlace: place => memory.set('helperPlace', place),
    shell: () => SHELLS.find(shell => shell === memory.get('shell')),
    setShell: shell => memory.set('shell', shell),
  };
}
