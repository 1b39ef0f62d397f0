import type { Problem } from '../login/login';
import type { Key } from '../sentences';
import { sentence, sentenceOf } from '../sentences';
import type { Content, View } from './dom';
import { element, show } from './dom';
import type { LoginFacts } from './login-facts';
import { linkBack, paragraph, problemLines, strong } from './login-facts';

/** What the page at which a login ends can show. */
export type CallbackState =
  | { kind: 'delivering'; facts: LoginFacts }
  | {
      kind: 'waiting';
      facts: LoginFacts;
      awaited: 'backend' | 'identity_provider';
    }
  | {
      kind: 'connected';
      facts: LoginFacts;
      account?: string;
      refreshable?: boolean;
    }
  | { kind: 'denied'; facts: LoginFacts }
  | { kind: 'expired'; facts: LoginFacts }
  /** The backend's own words. */
  | { kind: 'refused'; facts: LoginFacts; problem: Problem }
  /** The extension's own words. */
  | { kind: 'failed'; facts?: LoginFacts; problem: Problem }
  | { kind: 'wrong_state' }
  | { kind: 'malformed' };

/** Shows it. */
export function renderCallback(document: Document, state: CallbackState): void {
  show(document, viewOf(document, state));
}

function viewOf(document: Document, state: CallbackState): View {
  switch (state.kind) {
    case 'delivering':
      return delivering(document, state.facts);
    case 'waiting':
      return waiting(document, state.facts, state.awaited);
    case 'connected':
      return connected(document, state);
    case 'denied':
      return {
        outcome: 'refused',
        tone: 'bad',
        heading: 'denied_heading',
        body: [
          line(document, 'denied_body', state.facts.providerHost),
          ...ended(document, 'access_denied', state.facts),
        ],
      };
    case 'expired':
      return {
        outcome: 'expired',
        tone: 'bad',
        heading: 'expired_heading',
        body: [
          line(document, 'expired_body', state.facts.appUrl),
          ...ended(document, 'session_expired', state.facts),
        ],
      };
    case 'refused':
      return refused(document, state.facts, state.problem);
    case 'failed':
      return {
        outcome: 'failed',
        tone: 'bad',
        heading: 'failed_heading',
        body: [
          ...problemLines(document, state.problem),
          ...linkBack(document, state.facts),
        ],
      };
    case 'wrong_state':
      return goesOn(
        document,
        'wrong-state',
        'wrong_state_heading',
        'wrong_state_body',
      );
    default:
      return goesOn(
        document,
        'malformed',
        'malformed_heading',
        'malformed_body',
      );
  }
}

function delivering(document: Document, facts: LoginFacts): View {
  return {
    outcome: 'delivering',
    tone: 'busy',
    heading: 'delivering_heading',
    body: [line(document, 'delivering_body', facts.appUrl)],
  };
}

function waiting(
  document: Document,
  facts: LoginFacts,
  awaited: 'backend' | 'identity_provider',
): View {
  const isBackend = awaited === 'backend';
  const away = isBackend ? facts.appUrl : facts.providerHost;
  return {
    outcome: isBackend ? 'backend-away' : 'idp-away',
    tone: 'busy',
    heading: 'delivering_heading',
    body: [
      line(document, 'waiting_body', away),
      paragraph(document, sentence('waiting_stay')),
    ],
  };
}

function connected(
  document: Document,
  state: Extract<CallbackState, { kind: 'connected' }>,
): View {
  const { facts, account, refreshable = true } = state;
  const body: Content[] = [
    paragraph(
      document,
      ...sentenceOf(
        'connected_body',
        strong(document, facts.user, 'user'),
        strong(document, facts.cluster, 'cluster'),
      ),
    ),
  ];
  if (account) {
    const name = strong(document, account, 'account');
    const provider = strong(document, facts.providerHost);
    const parts = sentenceOf('connected_account', provider, name);
    body.push(paragraph(document, ...parts));
  }
  if (!refreshable) {
    body.push(paragraph(document, sentence('connected_once')));
  }
  body.push(paragraph(document, sentence('connected_close')));
  return {
    outcome: 'success',
    tone: 'good',
    heading: 'connected_heading',
    body: [...body, ...linkBack(document, facts)],
  };
}

function refused(
  document: Document,
  facts: LoginFacts,
  problem: Problem,
): View {
  const body: Content[] = [
    line(document, 'refused_body', facts.appUrl),
    ...problemLines(document, problem),
  ];
  if (problem.code === 'identity_mismatch') {
    // An identity provider that remembers the wrong account logs it in again, unasked.
    const advice = sentenceOf(
      'refused_another_account',
      strong(document, facts.providerHost),
      strong(document, facts.user),
    );
    body.push(element(document, 'p', { id: 'another' }, ...advice));
  }
  return {
    outcome: 'failed',
    tone: 'bad',
    heading: 'refused_heading',
    body: [...body, ...linkBack(document, facts)],
  };
}

/** Ends with one of the sentences that the helper says, too. */
function ended(
  document: Document,
  code: 'access_denied' | 'session_expired',
  facts: LoginFacts,
): Content[] {
  const problem = { code, message: sentence(`problem_${code}`) };
  return [...problemLines(document, problem), ...linkBack(document, facts)];
}

function goesOn(
  document: Document,
  outcome: string,
  heading: Key,
  advice: Key,
): View {
  return {
    outcome,
    tone: 'bad',
    heading,
    body: [
      paragraph(document, sentence(advice)),
      paragraph(document, sentence('nothing_changed')),
    ],
  };
}

/** A sentence about one name or address, which stands out. */
function line(document: Document, key: Key, name: string): HTMLElement {
  return paragraph(document, ...sentenceOf(key, strong(document, name)));
}
