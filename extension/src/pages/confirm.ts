// Asks whether the account is the user's own, before the identity provider is opened.
import { browser } from '../browser';
import { problemOf } from '../login/end';
import { type Login, loginWith, type Problem } from '../login/login';
import type { OwnPageMessage } from '../messages';
import { type ConfirmState, renderConfirm } from './confirm-view';
import { factsOf } from './facts';
import { goBackOnClick } from './go-back';

/** A click that was meant for what lay there a moment ago must not confirm. */
const SETTLING_MS = 500;

const NO_BUTTONS = { continue() {}, decline() {} };

const id = window.location.hash.slice(1);

/** A background that was stopped before it answered is a refusal, too. */
async function ask(message: OwnPageMessage): Promise<Problem | undefined> {
  try {
    return (await browser.runtime.sendMessage(message)) ?? undefined;
  } catch {
    return problemOf('unexpected');
  }
}

async function main() {
  const login = await loginWith(id);
  if (login?.step === 'confirming') {
    askAbout(login);
  } else {
    renderConfirm(document, { kind: 'gone' }, NO_BUTTONS);
  }
}

function askAbout(login: Login) {
  const facts = factsOf(login);
  show({ kind: 'asking', facts });
  settle();
  document.addEventListener('visibilitychange', settle);

  async function proceed() {
    show({ kind: 'going_on', facts });
    const problem = await ask({ type: 'continue', login: id });
    if (problem) {
      show({ kind: 'failed', facts, problem });
    }
  }
  async function decline() {
    show({ kind: 'declined', facts });
    await ask({ type: 'decline', login: id });
  }
  function show(state: ConfirmState) {
    renderConfirm(document, state, {
      continue: () => void proceed(),
      decline: () => void decline(),
    });
    goBackOnClick(document, login);
  }
}

/** The button can be pressed once the page has been in front for a moment. */
function settle() {
  const button = document.querySelector<HTMLButtonElement>('#continue');
  if (button) {
    button.disabled = true;
    setTimeout(() => {
      button.disabled = document.hidden;
    }, SETTLING_MS);
  }
}

void main();
