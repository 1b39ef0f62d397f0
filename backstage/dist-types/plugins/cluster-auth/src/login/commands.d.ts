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
/** What to type to finish a login. The token is in the environment: what is on a command line, other users can see. */
export declare function commandLine(options: CommandOptions): string;
/** The shell that the person most likely has. */
export declare function likelyShell(userAgent: string): Shell;
