import { request as ask } from 'node:http';

import { LoopbackServer } from '../idp/loopback.mjs';

/** The identity provider under https, which a real API server asks for: a proxy ends TLS before it, and says so. */
export class HttpsIssuer {
  #server;
  #port = 0;

  /** @param {LoopbackServer} server */
  constructor(server) {
    this.#server = server;
    this.url = `https://localhost:${server.port}/`;
    server.serve((request, response) => {
      const { method, url: path } = request;
      const headers = { ...request.headers, 'x-forwarded-proto': 'https' };
      const asked = ask({ host: '127.0.0.1', port: this.#port, method, path, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      request.pipe(asked.once('error', () => response.destroy()));
    });
  }

  /** @param {import('../idp/loopback.mjs').Tls} tls */
  static async start(tls) {
    return new HttpsIssuer(await LoopbackServer.listen(0, tls));
  }

  /** @param {number} port the identity provider's own */
  forwardTo(port) {
    this.#port = port;
  }

  async stop() {
    this.#server.close();
  }
}
