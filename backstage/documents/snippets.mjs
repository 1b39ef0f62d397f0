import { readFileSync, readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const PLUGINS = join(REPOSITORY, 'backstage/plugins');

/** The documents with code for Backstage. */
export const DOCUMENTS = [
  ...['backstage.md', 'backstage-sign-in.md'].map((name) => join(REPOSITORY, 'docs', name)),
  ...readdirSync(PLUGINS).map((name) => join(PLUGINS, name, 'README.md')),
];

/**
 * @typedef {object} Snippet
 * @property {string} place document and line, for people
 * @property {string} language
 * @property {string} text
 */

/**
 * The blocks of code in a document, in lists too.
 *
 * @param {string} document
 * @returns {Snippet[]}
 */
export function snippetsOf(document) {
  const lines = readFileSync(document, 'utf8').split('\n');
  /** @type {Snippet[]} */
  const snippets = [];
  for (let at = 0; at < lines.length; at += 1) {
    const [, indent, language] = lines[at]?.match(/^( *)```(\w+)$/) ?? [];
    if (indent !== undefined && language) {
      const end = lines.indexOf(`${indent}\`\`\``, at);
      const text = lines.slice(at + 1, end).map((line) => line.slice(indent.length)).join('\n');
      snippets.push({ place: `${relative(REPOSITORY, document)}:${at + 1}`, language, text });
      at = end;
    }
  }
  return snippets;
}

/**
 * @param {string[]} languages
 * @returns {Snippet[]} of all documents
 */
export function snippetsIn(...languages) {
  return DOCUMENTS.flatMap(snippetsOf).filter(({ language }) => languages.includes(language));
}
