import type { Login } from '../login/login';

export const STATE = 'S'.repeat(43);
export const SESSION_TOKEN = 'T'.repeat(43);

/** A login for which the provider is open. */
export function exampleLogin(changes: Partial<Login> = {}): Login {
  return {
    id: 'one',
    portal: { appUrl: 'https://portal.example' },
    user: 'user:default/felix',
    cluster: 'Dev',
    endsAt: Date.now() + 60_000,
    step: 'authorizing',
    portalTab: 1,
    requestId: 'request-1',
    loginTab: 2,
    providerHost: 'idp.example',
    redirectUri: 'http://localhost:8000/',
    ruleIds: [],
    secrets: { sessionToken: SESSION_TOKEN, state: STATE },
    ...changes,
  };
}
