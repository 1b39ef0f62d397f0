import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** An answer of the server: JSON, unless it is a text. */
export interface Given {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
}

/** What the server was asked. */
export interface Asked {
  line: string;
  authorization?: string;
  body: string;
}

type Answers = (asked: Asked) => Given;

/** A server on a free port of this machine, which says what a test makes it say. */
export class BackendServer {
  readonly asked: Asked[] = [];

  private constructor(
    private readonly server: Server,
    readonly address: string,
  ) {}

  static async start(answers: Answers): Promise<BackendServer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const backend = new BackendServer(server, `http://127.0.0.1:${port}`);
    server.on('request', async (request: IncomingMessage, response) => {
      const { method, url, headers } = request;
      const asked = {
        line: `${method} ${url}`,
        authorization: headers.authorization,
        body: await text(request),
      };
      backend.asked.push(asked);
      const { status = 200, headers: own = {}, body = {} } = answers(asked);
      response.writeHead(status, {
        'Content-Type': 'application/json',
        ...own,
      });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
    return backend;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
