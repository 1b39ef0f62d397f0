import { once } from 'node:events';
import { connect } from 'node:net';
import { createServer } from 'node:tls';

import { tunnel } from '../cluster/tunnel.mjs';

/** What stands before the backend at most places: it ends TLS, and passes on the bytes. HTTP/1.1 alone. */
export class Ingress {
  #server;
  /** @type {Set<import('node:net').Socket>} */
  #open = new Set();

  /**
   * @param {{cert: string, key: string}} tls
   * @param {number} port of the backend
   */
  constructor(tls, port) {
    this.#server = createServer({ ...tls, ALPNProtocols: ['http/1.1'], allowHalfOpen: true }, (client) => {
      const backend = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      tunnel(client, backend);
      for (const socket of [client, backend]) {
        this.#open.add(socket);
        socket.once('close', () => this.#open.delete(socket));
      }
    });
  }

  /**
   * @param {{cert: string, key: string}} tls
   * @param {number} port
   */
  static async start(tls, port) {
    const ingress = new Ingress(tls, port);
    await once(ingress.#server.listen(0, '127.0.0.1'), 'listening');
    return ingress;
  }

  get url() {
    const address = this.#server.address();
    if (typeof address !== 'object' || !address) {
      throw new Error('The ingress does not listen on a TCP port.');
    }
    return `https://127.0.0.1:${address.port}`;
  }

  async stop() {
    this.#server.close();
    this.#open.forEach((socket) => socket.destroy());
  }
}
