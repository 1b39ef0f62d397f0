// The bridge between a portal's page and the background. It is in the top frame only, and believes neither.
import { browser } from './browser';
import { readPageMessage } from './messages';

const page = window;

page.addEventListener('message', ({ source, origin, data }) => {
  if (source !== page || origin !== page.location.origin) {
    return;
  }
  const message = readPageMessage(data);
  if (message?.type === 'ping') {
    page.postMessage(
      {
        source: 'cluster-auth-extension',
        type: 'pong',
        id: message.id,
        version: browser.runtime.getManifest().version,
      },
      page.location.origin,
    );
  }
});
