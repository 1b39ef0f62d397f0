import type { Problem } from '../login/login';
import { displayable, sentence } from '../sentences';
import type { Content } from './dom';
import { address, element, list } from './dom';

/** What pages show of a login. Holds no secret. */
export interface LoginFacts {
  /** The user to whom the login will belong. */
  user: string;
  /** The address of Backstage. */
  appUrl: string;
  /** The cluster as people call it. */
  cluster: string;
  /** The identity provider's host. */
  providerHost: string;
  /** Where in Backstage the browser may go afterwards. */
  backUrl?: string;
}

/** A part of a sentence that comes from outside, which stands out. */
export function strong(
  document: Document,
  text: string,
  id?: string,
): HTMLElement {
  return element(document, 'strong', id ? { id } : {}, displayable(text));
}

/** A paragraph. */
export function paragraph(
  document: Document,
  ...content: Content[]
): HTMLElement {
  return element(document, 'p', {}, ...content);
}

/** The facts, for comparison. */
export function factsList(document: Document, facts: LoginFacts): HTMLElement {
  return list(document, [
    ['fact_account', 'user', [displayable(facts.user)]],
    [
      'fact_backstage',
      'backstage',
      address(document, displayable(facts.appUrl)),
    ],
    ['fact_cluster', 'cluster', [displayable(facts.cluster)]],
    [
      'fact_provider',
      'provider',
      address(document, displayable(facts.providerHost)),
    ],
  ]);
}

/** The sentence about a problem, and its code. */
export function problemLines(
  document: Document,
  problem: Problem,
): HTMLElement[] {
  const message = strong(document, problem.message);
  const lines: HTMLElement[] = [
    element(document, 'p', { id: 'message' }, message),
  ];
  if (problem.code) {
    const code = element(
      document,
      'code',
      { id: 'code' },
      displayable(problem.code),
    );
    lines.push(paragraph(document, code));
  }
  return lines;
}

/** Where Backstage is known, a login that failed does not end at this page either. */
export function linkBack(
  document: Document,
  facts?: LoginFacts,
): HTMLElement[] {
  const href = facts?.backUrl;
  if (!href || !/^https?:\/\//.test(href)) {
    return [];
  }
  const attributes = { id: 'back', class: 'button', href };
  return [element(document, 'a', attributes, sentence('back_to_backstage'))];
}
