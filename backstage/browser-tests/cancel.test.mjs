import { it } from 'node:test';

import { personAt } from './environment.mjs';

/** More than a user may have pending at the same time. */
const CANCELLED_LOGINS = 9;

it(`${CANCELLED_LOGINS} cancelled logins do not stand in the way of the next one`, async (test) => {
  const felix = await personAt(test, 'felix');
  await felix.openComponent('web');
  for (let login = 0; login < CANCELLED_LOGINS; login += 1) {
    await felix.getAccess();
    await felix.dialog.getByText('You are about to connect').waitFor();
    const cancelled = felix.page.waitForResponse((response) => response.request().method() === 'DELETE' && response.ok());
    await felix.dialog.getByRole('button', { name: 'Cancel' }).click();
    await cancelled;
    await felix.dialog.waitFor({ state: 'detached' });
  }
  await felix.getAccess();
  await felix.logInByHelper();
});
