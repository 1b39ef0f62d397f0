// Wires the parts to the browser's events. The background is stopped when it has nothing to do, and started for the next event: what it has
// to remember is in storage.
import { showBadge } from './background/badge';
import { registerContent } from './background/content-script';
import { answerTo } from './background/conversation';
import { endWhatMayNotGoOn, onAddress, onTabClosed } from './background/tabs';
import { browser } from './browser';
import { onDeliveryAlarm } from './login/callback';
import { onEndAlarm, problemOf, settle, settleAll } from './login/end';
import { changedLogins, forgetAll } from './login/login';
import { onAnswer } from './login/returned';
import { uninstallAll } from './login/rules';
import { KEY } from './portals';

const { runtime, storage, permissions, alarms, tabs } = browser;

runtime.onMessage.addListener((message, sender, respond) => {
  const answer = answerTo(message, sender);
  answer?.then(respond, () => respond(problemOf('unexpected')));
  return answer !== undefined;
});

runtime.onInstalled.addListener(() => void begin());
runtime.onStartup.addListener(() => void begin());
permissions.onAdded.addListener(() => void registerContent());
permissions.onRemoved.addListener(() => {
  void registerContent();
  void endWhatMayNotGoOn();
});
storage.onChanged.addListener((changes, area) => {
  if (area !== 'session') {
    if (KEY in changes) {
      void registerContent();
      void endWhatMayNotGoOn();
    }
    return;
  }
  const logins = changedLogins(changes);
  if (logins.length > 0) {
    void showBadge();
  }
  logins.forEach(login => login && void settle(login));
});

alarms.onAlarm.addListener(({ name }) => {
  const [kind, id = ''] = name.split(':');
  if (kind === 'end') {
    void onEndAlarm(id);
  } else {
    void onDeliveryAlarm(id);
  }
});

tabs.onRemoved.addListener(tab => void onTabClosed(tab));
tabs.onUpdated.addListener((_, { url }) => {
  if (url?.startsWith('http://localhost:8000')) {
    void onAddress(url);
  }
});

if (browser.webRequest) {
  browser.webRequest.onHeadersReceived.addListener(
    onAnswer,
    { urls: ['<all_urls>'], types: ['main_frame'] },
    ['responseHeaders'],
  );
}

void settleAll();
// A page that has taken over its own process must not add a portal, or an account that counts as confirmed.
void storage.local.setAccessLevel?.({ accessLevel: 'TRUSTED_CONTEXTS' });

/** Nothing of an earlier run goes on. */
async function begin() {
  await uninstallAll();
  await forgetAll();
  await alarms.clearAll();
  await registerContent();
  await showBadge();
}
