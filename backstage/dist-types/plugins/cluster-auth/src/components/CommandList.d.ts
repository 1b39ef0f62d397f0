import type { Command } from '../login/settings';
/** Commands that finish the login where no helper runs yet. */
export declare function CommandList(props: {
    commands: Command[];
    sessionToken: string;
}): import("react").JSX.Element;
