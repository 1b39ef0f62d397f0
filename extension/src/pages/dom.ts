import type { Key } from '../sentences';
import { sentence } from '../sentences';

/** How a page looks: the colour and the mark on top. The same tones as the helper's pages have. */
export type Tone = 'good' | 'bad' | 'busy' | 'plain';

const MARKS: Record<Tone, string> = {
  good: 'M14 25l7 7 14-15',
  bad: 'M16 16l16 16M32 16L16 32',
  busy: 'M24 13v11l8 5',
  plain: 'M24 22v12M24 14v1',
};

const SVG = 'http://www.w3.org/2000/svg';

/** What goes into an element; text stays text. */
export type Content = Node | string;

/** An element with attributes and content. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  document: Document,
  name: Name,
  attributes: Record<string, string> = {},
  ...content: Content[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    made.setAttribute(attribute, value);
  }
  made.append(...content);
  return made;
}

/** An address, of which a narrow window breaks the line before a dot or after the scheme rather than within a name. */
export function address(document: Document, text: string): Content[] {
  return text
    .split(/(?<=:\/\/)|(?=\.)/)
    .flatMap((piece, index) =>
      index === 0 ? [piece] : [document.createElement('wbr'), piece],
    );
}

/** A button that does something when it is pressed. */
export function button(
  document: Document,
  attributes: Record<string, string>,
  label: Key,
  press: () => void,
): HTMLButtonElement {
  const made = element(
    document,
    'button',
    { type: 'button', class: 'button', ...attributes },
    sentence(label),
  );
  made.addEventListener('click', press);
  return made;
}

/** Names and values, as the helper's pages list them. */
export function list(
  document: Document,
  rows: [name: Key, id: string, value: Content[]][],
): HTMLElement {
  const lines = rows.map(([name, id, value]) =>
    element(
      document,
      'div',
      {},
      element(document, 'dt', {}, sentence(name)),
      element(document, 'dd', id ? { id } : {}, ...value),
    ),
  );
  return element(document, 'dl', {}, ...lines);
}

/** What a page shows. `outcome` is stable: tests and tools tell the page by it. */
export interface View {
  outcome: string;
  tone: Tone;
  heading: Key;
  body: Content[];
}

/**
 * Shows it in place of what was there. The page's `main` is a live region, so that a screen reader says what has changed, and the
 * heading takes the focus when what had it is gone.
 */
export function show(document: Document, view: View): void {
  const main = document.querySelector('main');
  if (!main) {
    return;
  }
  const hadFocus = main.contains(document.activeElement);
  const heading = sentence(view.heading);
  const title = element(document, 'h1', { tabindex: '-1' }, heading);
  document.title = sentence('page_title', heading);
  document.documentElement.lang = sentence('language');
  document.body.dataset.outcome = view.outcome;
  main.className = view.tone;
  main.replaceChildren(mark(document, view.tone), title, ...view.body);
  document.querySelector('footer')?.replaceChildren(sentence('page_footer'));
  if (hadFocus) {
    title.focus();
  }
}

function mark(document: Document, tone: Tone): SVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 48 48');
  svg.setAttribute('aria-hidden', 'true');
  const circle = document.createElementNS(SVG, 'circle');
  for (const [name, value] of [
    ['cx', '24'],
    ['cy', '24'],
    ['r', '22'],
  ] as const) {
    circle.setAttribute(name, value);
  }
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', MARKS[tone]);
  svg.append(circle, path);
  return svg;
}
