import type { Problem } from '../login/login';
import { displayable, sentence, sentenceOf } from '../sentences';
import type { View } from './dom';
import { button, element, show } from './dom';
import type { LoginFacts } from './login-facts';
import {
  factsList,
  linkBack,
  paragraph,
  problemLines,
  strong,
} from './login-facts';

/** What the page that confirms an account can show. */
export type ConfirmState =
  | { kind: 'asking'; facts: LoginFacts }
  | { kind: 'going_on'; facts: LoginFacts }
  | { kind: 'declined'; facts: LoginFacts }
  | { kind: 'gone' }
  | { kind: 'failed'; facts?: LoginFacts; problem: Problem };

/** What its buttons do. */
export interface ConfirmActions {
  continue(): void;
  decline(): void;
}

/** Shows it. */
export function renderConfirm(
  document: Document,
  state: ConfirmState,
  actions: ConfirmActions,
): void {
  show(document, viewOf(document, state, actions));
}

function viewOf(
  document: Document,
  state: ConfirmState,
  actions: ConfirmActions,
): View {
  switch (state.kind) {
    case 'asking':
      return asking(document, state.facts, actions);
    case 'going_on':
      return {
        outcome: 'going-on',
        tone: 'busy',
        heading: 'going_on_heading',
        body: [
          paragraph(
            document,
            ...sentenceOf(
              'going_on_body',
              strong(document, state.facts.providerHost),
            ),
          ),
        ],
      };
    case 'declined':
      return {
        outcome: 'declined',
        tone: 'plain',
        heading: 'declined_heading',
        body: [
          paragraph(document, sentence('declined_body')),
          ...linkBack(document, state.facts),
        ],
      };
    case 'gone':
      return {
        outcome: 'gone',
        tone: 'bad',
        heading: 'gone_heading',
        body: [paragraph(document, sentence('gone_body'))],
      };
    default:
      return {
        outcome: 'not-begun',
        tone: 'bad',
        heading: 'not_begun_heading',
        body: [
          ...problemLines(document, state.problem),
          ...linkBack(document, state.facts),
        ],
      };
  }
}

function asking(
  document: Document,
  facts: LoginFacts,
  actions: ConfirmActions,
): View {
  const proceed = button(
    document,
    { id: 'continue' },
    'confirm_continue',
    once,
  );
  const decline = button(
    document,
    { id: 'decline', class: 'button quiet' },
    'confirm_decline',
    () => actions.decline(),
  );
  function once() {
    // A double click would begin twice.
    proceed.disabled = true;
    actions.continue();
  }
  return {
    outcome: 'confirm',
    tone: 'plain',
    heading: 'confirm_heading',
    body: [
      paragraph(document, sentence('confirm_body')),
      factsList(document, facts),
      ...foreignLetters(document, facts.appUrl),
      paragraph(document, sentence('confirm_warning')),
      element(document, 'div', { class: 'buttons' }, proceed, decline),
    ],
  };
}

/** Says so where the address may look like another one elsewhere. */
function foreignLetters(document: Document, appUrl: string): HTMLElement[] {
  if (!displayable(appUrl).includes('xn--')) {
    return [];
  }
  const text = sentence('confirm_foreign_letters');
  return [element(document, 'p', { id: 'punycode' }, text)];
}
