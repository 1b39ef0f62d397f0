import { on } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';

import { LoopbackServer } from '../idp/loopback.mjs';
import { inRepository } from '../setup/repository.mjs';

/** Stands for the browser that a program opens links with: a program that passes them on to this process. */
export class OpenedLinks {
  #server;
  #links;

  /**
   * @param {string} program its path
   * @param {LoopbackServer} server
   */
  constructor(program, server) {
    this.program = program;
    this.#server = server;
    const sent = new EventTarget();
    this.#links = on(sent, 'link');
    server.serve(async (request, response) => {
      sent.dispatchEvent(new CustomEvent('link', { detail: await text(request) }));
      response.end();
    });
  }

  /** @param {string} logs a folder in the checkout */
  static async start(logs) {
    const server = await LoopbackServer.listen(0);
    const program = inRepository(logs, 'open-link');
    const pass = `fetch('http://127.0.0.1:${server.port}/', { method: 'POST', body: process.argv[2] });`;
    await writeFile(program, `#!${process.execPath}\n${pass}\n`);
    await chmod(program, 0o700);
    return new OpenedLinks(program, server);
  }

  /** @returns {Promise<string>} the next link that was opened */
  async next() {
    const [{ detail }] = (await this.#links.next()).value;
    return detail;
  }

  async stop() {
    this.#server.close();
  }
}
