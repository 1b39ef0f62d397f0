// The end of a login: takes what the identity provider sent the browser back with, and hands it to the backend.
import { browser } from '../browser';
import { accept, deliverAndEnd, readRedirect } from '../login/callback';
import { allLogins, type Login, loginWith } from '../login/login';
import type { OwnPageMessage, Returned } from '../messages';
import { type CallbackState, renderCallback } from './callback-view';
import { factsOf } from './facts';
import { goBack, goBackOnClick } from './go-back';

// First of all: neither the history nor a copied address has the code.
const { search } = window.location;
window.history.replaceState(undefined, '', window.location.pathname);

async function main(query: string) {
  const own = await browser.tabs.getCurrent();
  if (readRedirect(query, []).kind === 'none') {
    await withoutQuery(own?.id);
  } else {
    await take(query, own?.id);
  }
}

/** The rule on the provider's answer has sent the browser here, or the page is loaded again. */
async function withoutQuery(tab: number | undefined) {
  const message: OwnPageMessage = { type: 'returned' };
  const returned: Returned = await browser.runtime.sendMessage(message);
  const { address, elsewhere = '', login: id } = returned;
  if (elsewhere.startsWith('http://localhost:8000/')) {
    window.location.replace(elsewhere);
    return;
  }
  if (address !== undefined) {
    await take(new URL(address).search, tab);
    return;
  }
  const login = id === undefined ? undefined : await loginWith(id);
  if (login) {
    await deliverOf(login);
  } else {
    show({ kind: 'wrong_state' });
  }
}

/** An address with the state of a login goes nowhere else, whatever has become of the login. */
async function take(query: string, tab: number | undefined) {
  const redirect = readRedirect(query, await allLogins());
  if (redirect.kind === 'callback') {
    const { login, callback } = redirect;
    await deliverOf((await accept(login, callback, tab)) ?? login);
  } else {
    show({ kind: redirect.kind === 'none' ? 'wrong_state' : redirect.kind });
  }
}

async function deliverOf({ id, ...rest }: Login) {
  const facts = factsOf({ id, ...rest });
  show({ kind: 'delivering', facts });
  const ended = await deliverAndEnd(id, awaited =>
    show({ kind: 'waiting', facts, awaited }),
  );
  const outcome = ended?.outcome;
  if (!ended || !outcome) {
    show({ kind: 'wrong_state' });
    return;
  }
  if (outcome.kind === 'connected') {
    show({ kind: 'connected', facts, ...outcome.connected });
    await goBack(ended);
  } else {
    show({ ...outcome, facts });
    goBackOnClick(document, ended);
  }
}

function show(state: CallbackState) {
  renderCallback(document, state);
}

if (window.top === window) {
  void main(search);
}
