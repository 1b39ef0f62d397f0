import { readFile } from 'node:fs/promises';

import { inRepository } from '../setup/repository.mjs';
import { IMAGE } from './inspection.mjs';

/** The documents that show how a container is run. */
const DOCUMENTS = ['README.md', 'docs/container.md'];

/** What stands in their commands for the reader's own. */
const BACKSTAGE = 'https://backstage.example.com';

/** A block of commands, or of a compose file, with its content. */
const BLOCK = /^```(sh|yaml)\n([^]*?)^```$/gm;
/** A command within a sentence. */
const IN_LINE = /`(docker run [^`]*)`/g;

/**
 * @typedef {object} ShownCommand
 * @property {string} document
 * @property {string[]} options between `run` and the image
 * @property {string[]} args behind the image: the program's own
 */

/** @returns {Promise<ShownCommand[]>} every `docker run` that the documents show */
export async function shownCommands() {
  const commands = await Promise.all(DOCUMENTS.map(async (document) => {
    const text = await readFile(inRepository(document), 'utf8');
    const blocks = [...text.matchAll(BLOCK)].filter(([, kind]) => kind === 'sh');
    const inBlocks = blocks.flatMap(([, , block = '']) => block.replaceAll('\\\n', ' ').split('\n'));
    const inLines = [...text.replaceAll(BLOCK, '').matchAll(IN_LINE)].map(([, command = '']) => command);
    return [...inBlocks, ...inLines].filter((line) => line.startsWith('docker run ')).map((line) => read(document, line));
  }));
  return commands.flat();
}

/** @returns {Promise<string>} the compose file that docs/container.md shows */
export async function shownComposeFile() {
  const text = await readFile(inRepository('docs/container.md'), 'utf8');
  const [file] = [...text.matchAll(BLOCK)].filter(([, kind]) => kind === 'yaml').map(([, , block = '']) => block);
  if (file === undefined) {
    throw new Error('docs/container.md shows no compose file');
  }
  return file;
}

/**
 * @param {string} text of a document
 * @param {string} backstage the address to use
 * @returns {string} the same for a Backstage that is there
 */
export function toward(text, backstage) {
  return text.replaceAll(BACKSTAGE, backstage);
}

/**
 * @param {string} document
 * @param {string} line
 * @returns {ShownCommand}
 */
function read(document, line) {
  if (/['"$`;|&<>]/.test(line)) {
    throw new Error(`${document}: this command needs a shell, which is not what runs it here: ${line}`);
  }
  const words = line.trim().split(/\s+/);
  const image = words.indexOf(IMAGE);
  if (image === -1) {
    throw new Error(`${document}: this command does not run ${IMAGE}: ${line}`);
  }
  return { document, options: words.slice(2, image), args: words.slice(image + 1) };
}
