import { randomInt } from 'node:crypto';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';

/** @typedef {import('node:http').RequestListener} RequestListener */
/** @typedef {import('node:http').Server | import('node:https').Server} Server */
/** @typedef {{cert: string, key: string}} Tls */

/** How often another free port is tried when the one found on 127.0.0.1 is taken on ::1. */
const PORT_ATTEMPTS = 20;

/** Below those that Linux gives out by itself (ip_local_port_range). @type {[number, number]} */
const QUIET_PORTS = [20_000, 32_768];

/**
 * The same port on 127.0.0.1 and, where the machine has IPv6, on ::1: what `localhost` means.
 */
export class LoopbackServer {
  /** @type {Server[]} */
  #servers;

  /** @param {Server[]} servers already listening */
  constructor(servers) {
    this.#servers = servers;
    /** The port all addresses share. */
    this.port = portOf(servers[0]);
  }

  /**
   * @param {number} port 0 takes a free one
   * @param {Tls} [tls] what it serves https with; http without it
   * @returns {Promise<LoopbackServer>}
   * @throws when another program holds the port
   */
  static async listen(port, tls) {
    for (let attempt = 1; ; attempt += 1) {
      const ipv4 = await listenOn('127.0.0.1', port, tls);
      try {
        return new LoopbackServer([ipv4, await listenOn('::1', portOf(ipv4), tls)]);
      } catch (error) {
        if (hasNoIpv6(error)) {
          return new LoopbackServer([ipv4]);
        }
        ipv4.close();
        if (port !== 0 || attempt === PORT_ATTEMPTS) {
          throw error;
        }
      }
    }
  }

  /**
   * The port on every address instead: published ports do not reach the loopback of a container.
   *
   * @param {number} port
   * @returns {Promise<LoopbackServer>}
   * @throws when another program holds the port
   */
  static async listenBeyond(port) {
    return new LoopbackServer([await listenOn('0.0.0.0', port)]);
  }

  /** @param {RequestListener} handler gets every request from now on */
  serve(handler) {
    for (const server of this.#servers) {
      server.on('request', handler);
    }
  }

  /** From now on neither it nor a connection to it keeps the process alive. */
  unref() {
    for (const server of this.#servers) {
      server.unref().on('connection', (socket) => socket.unref());
    }
  }

  /** Stops listening and drops every connection, requests under way included. */
  close() {
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
  }
}

/**
 * A port that can be named before anything listens on it: the system does not give it to another program meanwhile, as the local port of
 * a connection or as "any free port".
 *
 * @returns {Promise<number>}
 */
export async function freePort() {
  for (let attempt = 1; ; attempt += 1) {
    const port = randomInt(...QUIET_PORTS);
    try {
      (await LoopbackServer.listen(port)).close();
      return port;
    } catch (error) {
      if (attempt === PORT_ATTEMPTS) {
        throw error;
      }
    }
  }
}

/**
 * @param {string} host
 * @param {number} port
 * @param {Tls} [tls]
 * @returns {Promise<Server>}
 */
function listenOn(host, port, tls) {
  const server = tls ? createTlsServer(tls) : createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(isTaken(error) ? taken(host, port, error) : error));
    server.listen(port, host, () => resolve(server));
  });
}

/**
 * @param {Server | undefined} server
 * @returns {number}
 */
function portOf(server) {
  const address = server?.address();
  if (typeof address !== 'object' || !address) {
    throw new Error('The server does not listen on a TCP port; start it on one.');
  }
  return address.port;
}

/**
 * @param {string} host
 * @param {number} port
 * @param {Error} cause
 */
function taken(host, port, cause) {
  return new Error(`Another program holds port ${port} of ${host}; stop it or choose another port.`, { cause });
}

/** @param {Error} error */
function isTaken(error) {
  return 'code' in error && error.code === 'EADDRINUSE';
}

/** @param {unknown} error */
function hasNoIpv6(error) {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT';
}
