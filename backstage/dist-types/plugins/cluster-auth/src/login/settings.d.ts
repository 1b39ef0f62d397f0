import type { ConfigApi } from '@backstage/frontend-plugin-api';
/** Where the helper runs, as people know it. */
export type HelperPlace = 'native' | 'container';
/** The ways to run the helper once, in order of how little they need. */
export declare const COMMANDS: readonly ["docker", "binary", "npx"];
/** A way to run the helper once. */
export type Command = (typeof COMMANDS)[number];
/** What of the dialog is configured. */
export interface LoginSettings {
    helperUrls: Record<HelperPlace, string>;
    commands: Command[];
}
/** Reads `clusterAuth` of the app's configuration. */
export declare function readLoginSettings(config: ConfigApi): LoginSettings;
