import type { LoginState } from '../login/LoginState';
/** A login as a component sees it. */
export interface ShownLogin {
    state: LoginState;
    handOverToHelper(helperUrl: string): void;
}
/** Begins a login when the component appears; nothing of it goes on when the component is gone. */
export declare function useLoginFlow(cluster: string): ShownLogin;
