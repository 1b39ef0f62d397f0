import { request as ask } from 'node:http';

import { LoopbackServer } from '../idp/loopback.mjs';

/** One https address before servers that speak plain http, which it tells so; an answer passes on as it comes. */
export class HttpsFront {
  #server;
  /** @type {(path: string) => number} */
  #portOf = () => 0;

  /** @param {LoopbackServer} server */
  constructor(server) {
    this.#server = server;
    this.url = `https://localhost:${server.port}/`;
    server.serve((request, response) => {
      const { method, url: path = '' } = request;
      const headers = { ...request.headers, 'x-forwarded-proto': 'https' };
      const asked = ask({ host: '127.0.0.1', port: this.#portOf(path), method, path, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      request.pipe(asked.once('error', () => response.destroy()));
      response.once('close', () => asked.destroy());
    });
  }

  /** @param {import('../idp/loopback.mjs').Tls} tls */
  static async start(tls) {
    return new HttpsFront(await LoopbackServer.listen(0, tls));
  }

  /** @param {(path: string) => number} portOf the port of the server for a path, query included */
  forwardTo(portOf) {
    this.#portOf = portOf;
  }

  async stop() {
    this.#server.close();
  }
}
