import { wayBack } from '../login/callback';
import type { Login } from '../login/login';
import type { LoginFacts } from './login-facts';

/** What pages show of a login. */
export function factsOf(login: Login): LoginFacts {
  const { user, cluster, providerHost, portal, returnTo } = login;
  const { appUrl } = portal;
  const backUrl = wayBack(portal, returnTo);
  return { user, appUrl, cluster, providerHost, backUrl };
}
