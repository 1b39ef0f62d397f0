import type messages from '../_locales/en/messages.json';
import { browser } from './browser';

/** The name of a sentence in `_locales/en/messages.json`, where all of them are. */
export type Key = keyof typeof messages;

/** A sentence in the browser's language. */
export function sentence(key: Key, ...texts: string[]): string {
  return browser.i18n.getMessage(key, texts);
}

/** Stands for a part while the browser looks the sentence up: sentences hold no characters of private use. */
const MARK = /\uE000(\d)\uE001/;

/** A sentence of which some parts are elements. Text in them stays text. */
export function sentenceOf(key: Key, ...parts: Node[]): (Node | string)[] {
  const marks = parts.map((_, index) => `\uE000${index}\uE001`);
  return sentence(key, ...marks)
    .split(MARK)
    .map((piece, index) =>
      index % 2 === 1 ? parts[Number(piece)] ?? '' : piece,
    );
}

/** As many characters of a text from a server are shown: more than any sentence of the backend has. */
const SHOWN = 1_000;

/** As many of them are its last ones where it is longer: a sentence ends with what to do. */
const END_SHOWN = 600;

/** Characters that control a page, the reading direction, or the marks above. */
const UNSEEN = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069\uE000\uE001]/gu;

/** A text from a server, without characters that cannot be seen. Of a long one the middle is left out, as the helper does it. */
export function displayable(text: string): string {
  const characters = [...text.replace(UNSEEN, '')];
  if (characters.length <= SHOWN) {
    return characters.join('');
  }
  const beginning = characters.slice(0, SHOWN - END_SHOWN - 1);
  return [...beginning, '…', ...characters.slice(-END_SHOWN)].join('');
}
