import { createServer } from 'node:net';

import { LoopbackServer } from '../../dev/idp/loopback.mjs';

const PORT = 8000;

// Nothing here keeps the process of the tests alive: node:test runs no other hook after one that throws, and so may never stop it.

/** Listens at the redirect URI's port without speaking HTTP, and keeps every byte. */
export class ByteSpy {
  /** @type {Buffer[]} */
  #heard = [];
  connections = 0;
  /** @type {import('node:net').Server[]} */
  #servers = [];
  /** @type {Set<import('node:net').Socket>} */
  #sockets = new Set();

  static async start() {
    const spy = new ByteSpy();
    for (const host of ['127.0.0.1', '::1']) {
      await spy.#listen(host);
    }
    return spy;
  }

  /** All that was sent to the port. */
  get heard() {
    return Buffer.concat(this.#heard).toString('latin1');
  }

  async stop() {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  /** @param {string} host */
  async #listen(host) {
    const server = createServer((socket) => {
      this.connections += 1;
      socket.unref();
      this.#sockets.add(socket);
      socket.on('data', (data) => this.#heard.push(data)).on('error', () => {}).on('close', () => this.#sockets.delete(socket));
    });
    await new Promise((resolve, reject) => server.once('error', reject).listen(PORT, host, () => resolve(undefined)));
    server.unref();
    this.#servers.push(server);
  }
}

const SERVICE_WORKER = `
self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
const seen = [];
self.addEventListener('fetch', (event) => {
  if (event.request.mode === 'navigate') {
    seen.push(event.request.url);
    event.respondWith(new Response('<!doctype html><title>From the worker</title><h1>worker</h1>', { headers: { 'content-type': 'text/html' } }));
  } else if (new URL(event.request.url).pathname === '/seen-by-worker') {
    event.respondWith(Response.json(seen));
  }
});
`;

const APP = '<!doctype html><title>Another app</title><h1>app</h1>';

/** An application that a developer runs on the redirect URI's port, as the defaults of many tools have it. */
export class DevApp {
  #server;
  /** Method and path of every request. @type {string[]} */
  requests = [];

  /** @param {LoopbackServer} server */
  constructor(server) {
    this.#server = server;
    server.unref();
    server.serve((request, response) => {
      this.requests.push(`${request.method} ${request.url}`);
      const isWorker = request.url === '/sw.js';
      response.writeHead(200, { 'content-type': isWorker ? 'text/javascript' : 'text/html', 'cache-control': 'no-store' });
      response.end(isWorker ? SERVICE_WORKER : APP);
    });
  }

  static async start() {
    return new DevApp(await LoopbackServer.listen(PORT));
  }

  stop() {
    this.#server.close();
  }
}
