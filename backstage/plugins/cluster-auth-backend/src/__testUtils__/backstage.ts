import { once } from 'node:events';
import http, {
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { createBackend } from '@backstage/backend-defaults';
import { rootHttpRouterServiceFactory } from '@backstage/backend-defaults/rootHttpRouter';
import {
  coreServices,
  createServiceFactory,
} from '@backstage/backend-plugin-api';
import { mockServices } from '@backstage/backend-test-utils';
import signalsPlugin from '@backstage/plugin-signals-backend';
import clusterAuthPlugin from '..';

/** What ends what a test has begun. */
export const stops: (() => unknown)[] = [];

/** Ends what a test has begun. */
export async function stopAll(): Promise<void> {
  for (const stop of stops.splice(0).reverse()) {
    await stop();
  }
}

type OnUpgrade = (
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
) => void;

/** A stand-in for the Rust backend, which may not pass upgrades on yet; it ends nothing that its client has only half closed. */
export async function rustBackendStandIn(
  onUpgrade: OnUpgrade,
  onRequest: RequestListener = (request, response) => {
    response.end(`plain ${request.url}`);
  },
): Promise<Server> {
  const server = http.createServer(onRequest);
  server.on('upgrade', (request, socket: Socket, head) => {
    socket.on('error', () => {});
    onUpgrade(request, socket, head);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return server;
}

export const SWITCHED =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n';

/** Sends back what comes, and ends when its client does. */
export const echo: OnUpgrade = (_request, socket, head) => {
  socket.write(SWITCHED);
  socket.write(head);
  socket.pipe(socket);
};

/** A real Backstage backend with the forwarder; its own port. */
export async function backstage(
  behind: Server,
  {
    withSignals,
    lookAt,
  }: { withSignals: boolean; lookAt?: (server: Server) => void },
): Promise<number> {
  const { port: targetPort } = behind.address() as AddressInfo;
  const servers: Server[] = [];
  const port = () => (servers[0].address() as AddressInfo).port;
  const backend = createBackend();
  backend.add(
    mockServices.rootConfig.factory({
      data: {
        backend: {
          baseUrl: 'http://127.0.0.1',
          listen: { host: '127.0.0.1', port: 0 },
          auth: { keys: [{ secret: 'of-this-test-alone' }] },
        },
        clusterAuth: { backendUrl: `http://127.0.0.1:${targetPort}` },
      },
    }),
  );
  backend.add(mockServices.rootLogger.factory());
  backend.add(
    rootHttpRouterServiceFactory({
      configure({ server, applyDefaults }) {
        servers.push(server);
        lookAt?.(server);
        applyDefaults();
      },
    }),
  );
  backend.add(
    createServiceFactory({
      service: coreServices.discovery,
      deps: {},
      factory: () => ({
        getBaseUrl: async id => `http://127.0.0.1:${port()}/api/${id}`,
        getExternalBaseUrl: async id => `http://127.0.0.1:${port()}/api/${id}`,
      }),
    }),
  );
  backend.add(clusterAuthPlugin);
  if (withSignals) {
    // Tokens of its own making, for which no database is needed.
    backend.add(mockServices.auth.factory());
    backend.add(mockServices.userInfo.factory());
    backend.add(signalsPlugin);
  }
  await backend.start();
  stops.push(() => backend.stop());
  if (withSignals) {
    // Its own request has come back: no other request has come.
    while (servers[0].listenerCount('upgrade') < 2) {
      await nextUpgradeListener(servers[0]);
    }
  }
  return port();
}

export function ask(port: number, path: string, more = ''): Socket {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  stops.push(() => socket.destroy());
  socket.on('error', () => {});
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\nx-stream-protocol-version: v4.channel.k8s.io\r\n${more}\r\n`,
  );
  return socket;
}

/** Reads until what came ends so. */
export async function readUntil(socket: Socket, end: string): Promise<string> {
  let text = '';
  while (!text.endsWith(end)) {
    text += String((await once(socket, 'data'))[0]);
  }
  return text;
}

export async function readToEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', chunk => chunks.push(chunk));
  await once(socket, 'end');
  return Buffer.concat(chunks).toString('latin1');
}

function nextUpgradeListener(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.on('newListener', function heard(event: string) {
      if (event === 'upgrade') {
        server.off('newListener', heard);
        resolve();
      }
    });
  });
}
