import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { request as ask } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { readBody } from '../idp/request-body.mjs';
import { tunnel } from './tunnel.mjs';

/**
 * @typedef {import('node:http').IncomingMessage} IncomingMessage
 * @typedef {import('node:http').ServerResponse} ServerResponse
 * @typedef {import('node:net').Socket} Socket
 */

/** What the node must not see, or what belongs to one connection alone. */
const NOT_PASSED_ON = /^(:|authorization$|connection$|keep-alive$|transfer-encoding$)/;

/**
 * The program below dev/kubectl/go/node: the objects, and pods, with processes for containers. It believes every request, so only this
 * process, which has authenticated and authorized them, can reach it: by a socket in a private folder.
 */
export class ClusterNode {
  #child;
  #folder;
  #exited;

  /**
   * @param {import('node:child_process').ChildProcess} child
   * @param {string} folder
   */
  constructor(child, folder) {
    this.#child = child;
    this.#folder = folder;
    this.#exited = once(child, 'exit');
  }

  /**
   * @param {string} program
   * @throws when it ends before it is ready
   */
  static async start(program) {
    const folder = await mkdtemp(join(tmpdir(), 'node-'));
    const child = spawn(program, ['--folder', folder, '--socket', join(folder, 'socket')], { stdio: ['pipe', 'pipe', 'inherit'] });
    const node = new ClusterNode(child, folder);
    const ready = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), node.#exited]);
    if (typeof ready[0] !== 'string') {
      throw new Error(`The node ended (${ready[0]}) before it was ready.`);
    }
    return node;
  }

  /**
   * Passes a request on, and its answer back.
   *
   * @param {IncomingMessage} request
   * @param {ServerResponse} response
   */
  async forward(request, response) {
    const { method, url } = request;
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !NOT_PASSED_ON.test(name)));
    const asked = ask({ socketPath: this.#socket, method, path: url, headers });
    request.pipe(asked);
    response.once('close', () => asked.destroy());
    const [answer] = /** @type {[IncomingMessage]} */ (await once(asked, 'response'));
    const passedBack = Object.entries(answer.headers).filter(([name]) => !NOT_PASSED_ON.test(name));
    response.writeHead(answer.statusCode ?? 502, Object.fromEntries(passedBack));
    response.flushHeaders();
    answer.once('error', () => response.destroy());
    answer.pipe(response);
  }

  /**
   * @param {IncomingMessage} request with an object in protobuf
   * @returns {Promise<string>} the object in JSON
   */
  async decode(request) {
    const asked = ask({ socketPath: this.#socket, method: 'POST', path: '/decode' });
    request.pipe(asked);
    const [answer] = /** @type {[IncomingMessage]} */ (await once(asked, 'response'));
    return readBody(answer);
  }

  /**
   * Passes an upgrade on as it came, and then all bytes both ways.
   *
   * @param {IncomingMessage} request
   * @param {Socket} socket
   * @param {Buffer} head what came behind the request
   */
  tunnel(request, socket, head) {
    const node = connect({ path: this.#socket, allowHalfOpen: true });
    const lines = [`${request.method} ${request.url} HTTP/1.1`];
    for (let at = 0; at < request.rawHeaders.length; at += 2) {
      const name = request.rawHeaders[at] ?? '';
      if (name.toLowerCase() !== 'authorization') {
        lines.push(`${name}: ${request.rawHeaders[at + 1]}`);
      }
    }
    node.write(`${lines.join('\r\n')}\r\n\r\n`);
    node.write(head);
    tunnel(socket, node);
  }

  /** Ends it and its containers, without waiting for that. */
  stop() {
    this.#child.stdin?.destroy();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #socket() {
    return join(this.#folder, 'socket');
  }
}
