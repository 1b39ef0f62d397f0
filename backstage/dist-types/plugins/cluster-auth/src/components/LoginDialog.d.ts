/**
 * The dialog "Get K8s access"; stands once in the app's root, and shows itself when somebody wants to log in.
 *
 * @public
 */
export declare function LoginDialog(): import("react").JSX.Element | null;
