import type { LoginState } from '../login/LoginState';
/** What goes on, and what to do next; read out when it changes. */
export declare function loginSentence(state: LoginState): string;
