import type { OpenLogin } from '../login/LoginState';
/** The ways to log in, the easiest first. The extension's needs no click: it is under way when it exists. */
export declare function LoginWays(props: {
    login: OpenLogin;
    onHelper: (helperUrl: string) => void;
}): import("react").JSX.Element | null;
