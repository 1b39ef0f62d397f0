import assert from 'node:assert/strict';
import { it } from 'node:test';

import { browser, front, NAME, secrets, userAt } from './environment.mjs';
import { ByteSpy } from './port-8000.mjs';
import { WAYS } from './provider-front.mjs';

for (const [way, sendBack] of Object.entries(WAYS)) {
  it(`${NAME}: after the login form, ${way}: caught before a byte is sent to :8000`, async (test) => {
    const user = userAt(test, browser);
    const spy = await ByteSpy.start();
    test.after(() => spy.stop());
    front.sendBack = sendBack;
    const login = await user.begin();
    await login.logIn();
    if (way === 'a link that the user clicks') {
      await (await login.tab()).click('#back');
    }
    assert.equal((await login.result()).ok, true);
    assert.equal(await user.isConnected(), true);
    assert.ok(secrets().includes(login.state));
    assert.equal(spy.heard, '');
  });
}
