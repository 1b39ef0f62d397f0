import assert from 'node:assert/strict';
import { it } from 'node:test';

import { environment, personAt } from './environment.mjs';
import { ExtensionStandIn } from './extension-stand-in.mjs';

/** As the extension's popup opens it. */
const CONNECT = '/cluster-auth?connect=development';

it('with a stand-in of the extension: ?connect= begins a login without a click, once, and the popup is told how it stands', async (test) => {
  const felix = await personAt(test, 'felix');
  const extension = new ExtensionStandIn(felix, environment.url);
  await extension.install();
  await felix.open(CONNECT);
  await felix.dialog.getByText('Your browser extension has opened the login').waitFor();
  assert.equal(new URL(felix.page.url()).search, '');
  await felix.keepPicture('dialog-extension');
  const before = await extension.hears(({ type }) => type === 'state');
  assert.deepEqual(before.clusters, [{ name: 'development', title: 'Development', connected: false }]);

  const { sessionToken } = await extension.hears(({ type }) => type === 'start');
  await extension.finish(sessionToken);
  await felix.dialog.getByText('Connected to Development.').waitFor();
  const after = await extension.hears(({ clusters }) => clusters?.[0]?.['connected'] === true);
  assert.deepEqual(Object.keys(after.clusters?.[0] ?? {}), ['name', 'title', 'connected', 'expiresAt']);
  assert.doesNotMatch(JSON.stringify(after), /felix/);

  await felix.page.reload();
  await felix.page.getByRole('button', { name: 'Disconnect Development' }).waitFor();
  await felix.open(CONNECT);
  await felix.page.getByText('You are connected to Development already.').waitFor();
  assert.equal(await felix.dialog.count(), 0);
  assert.equal(extension.heard.filter(({ type }) => type === 'start').length, 1);
});

it('without the extension, ?connect= opens the dialog and hands nothing over, not even to the helper of the last login', async (test) => {
  const felix = await personAt(test, 'felix');
  await felix.openComponent('web');
  await felix.getAccess();
  await felix.logInByHelper();
  await felix.disconnect();
  await felix.open(CONNECT);
  await felix.dialog.getByRole('button', { name: 'Use the helper' }).waitFor();
  await felix.dialog.getByText('You are about to connect user:default/felix').waitFor();
  assert.equal(felix.context.pages().length, 1);
  await felix.logInByHelper();
});
