'use strict';

/** The exit codes that shells give to a program that they do not find, or cannot execute. The program itself has none of them. */
const EXIT_CODES = { notFound: 127, notExecutable: 126 };

/** Why the program cannot be run, in one sentence that says what to do. */
class Refusal extends Error {
  /**
   * @param {keyof typeof EXIT_CODES} kind
   * @param {string} sentence
   */
  constructor(kind, sentence) {
    super(sentence);
    this.exitCode = EXIT_CODES[kind];
  }
}

module.exports = { Refusal };
