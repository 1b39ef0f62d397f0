// A login that the backend is away for: its code comes meanwhile.
import { browser, environment, userAt } from './environment.mjs';
import { outcomeOf } from './portal-user.mjs';
import { until } from './until.mjs';

/**
 * A user logs in at the provider, and the backend is stopped meanwhile: the page says so. It is back at the end of the test.
 *
 * @param {import('node:test').TestContext} test
 */
export async function logInWithoutBackend(test) {
  // Before what the user's own clean-up needs.
  test.after(() => environment.backend.start());
  const user = userAt(test, browser);
  const login = await user.begin();
  const tab = await login.atProvider();
  await environment.backend.stop();
  await login.logIn();
  await until('the page says that the backend is away', async () => (await outcomeOf(tab)) === 'backend-away');
  return { user, login, tab };
}
