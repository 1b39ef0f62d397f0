import { once } from 'node:events';
import http, { type IncomingMessage, type Server } from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { createBackend } from '@backstage/backend-defaults';
import { rootHttpRouterServiceFactory } from '@backstage/backend-defaults/rootHttpRouter';
import {
  coreServices,
  createServiceFactory,
} from '@backstage/backend-plugin-api';
import { mockCredentials, mockServices } from '@backstage/backend-test-utils';
import signalsPlugin from '@backstage/plugin-signals-backend';
import clusterAuthPlugin from '.';
import { Upgrades } from './upgrades';

const stops: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) {
    await stop();
  }
});

type OnUpgrade = (
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
) => void;

/** A stand-in for the Rust backend, which may not pass upgrades on yet; it ends nothing that its client has only half closed. */
async function rustBackendStandIn(onUpgrade: OnUpgrade): Promise<Server> {
  const server = http.createServer((request, response) => {
    response.end(`plain ${request.url}`);
  });
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

const SWITCHED =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n';

/** Sends back what comes, and ends when its client does. */
const echo: OnUpgrade = (_request, socket, head) => {
  socket.write(SWITCHED);
  socket.write(head);
  socket.pipe(socket);
};

/** A real Backstage backend with the forwarder; its own port. */
async function backstage(
  behind: Server,
  { withSignals }: { withSignals: boolean },
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
    const deadline = Date.now() + 30_000;
    while (servers[0].listenerCount('upgrade') < 2) {
      expect(Date.now()).toBeLessThan(deadline);
      await new Promise(resolve => setTimeout(resolve, 20));
    }
  }
  return port();
}

function ask(port: number, path: string, more = ''): Socket {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  stops.push(() => socket.destroy());
  socket.on('error', () => {});
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\nx-stream-protocol-version: v4.channel.k8s.io\r\n${more}\r\n`,
  );
  return socket;
}

/** Reads until what came ends so. */
async function readUntil(socket: Socket, end: string): Promise<string> {
  let text = '';
  while (!text.endsWith(end)) {
    text += String((await once(socket, 'data'))[0]);
  }
  return text;
}

async function readToEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', chunk => chunks.push(chunk));
  await once(socket, 'end');
  return Buffer.concat(chunks).toString('latin1');
}

const PATH =
  '/api/cluster-auth/clusters/dev/proxy/api/v1/namespaces/a/pods/web/exec?command=sh';

describe.each([
  ['beside plugin-signals-backend', true],
  ['alone', false],
])('upgrades %s', (_name, withSignals) => {
  it('pass both ways, with their headers and without those of Backstage', async () => {
    const seen: IncomingMessage[] = [];
    const behind = await rustBackendStandIn((request, socket, head) => {
      seen.push(request);
      echo(request, socket, head);
    });
    const port = await backstage(behind, { withSignals });
    const client = ask(
      port,
      PATH,
      'cookie: backstage=secret\r\nauthorization: Bearer of-a-user\r\nx-forwarded-for: 192.0.2.1\r\n',
    );
    const head = await readUntil(client, '\r\n\r\n');
    expect(head).toBe(SWITCHED);
    for (const frame of ['one', 'GET /x HTTP/1.1\r\n\r\n', '\x81\x00']) {
      client.write(frame);
      await readUntil(client, frame);
    }
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ method: 'POST', url: PATH });
    expect(seen[0].headers).toMatchObject({
      connection: 'Upgrade',
      upgrade: 'SPDY/3.1',
      authorization: 'Bearer of-a-user',
      'x-stream-protocol-version': 'v4.channel.k8s.io',
      'x-forwarded-for': '192.0.2.1, 127.0.0.1',
    });
    expect(seen[0].headers.cookie).toBeUndefined();
  });

  it.each([
    ['the client', true],
    ['the backend', false],
  ])('go on one way when %s has ended the other', async (_end, clientFirst) => {
    const large = 'x'.repeat(5_000_000);
    const received: Promise<string>[] = [];
    const behind = await rustBackendStandIn((_request, socket) => {
      socket.write(SWITCHED);
      if (clientFirst) {
        received.push(readToEnd(socket));
        socket.once('end', () => socket.end(large));
      } else {
        received.push(readToEnd(socket));
        socket.end();
      }
    });
    const client = ask(await backstage(behind, { withSignals }), PATH);
    await readUntil(client, '\r\n\r\n');
    if (clientFirst) {
      client.end('the last words');
    }
    const got = (await readToEnd(client)).length;
    if (!clientFirst) {
      client.end(large);
    }
    const given = (await received[0]).length;
    expect([got, given]).toEqual(
      clientFirst ? [large.length, 'the last words'.length] : [0, large.length],
    );
  });

  it('end at the backend when their client is gone, and the other way round', async () => {
    const sockets: Socket[] = [];
    const behind = await rustBackendStandIn((request, socket, head) => {
      sockets.push(socket);
      echo(request, socket, head);
    });
    const port = await backstage(behind, { withSignals });
    const gone = ask(port, PATH);
    await readUntil(gone, '\r\n\r\n');
    const closed = once(sockets[0], 'close');
    gone.resetAndDestroy();
    await closed;
    const left = ask(port, PATH);
    await readUntil(left, '\r\n\r\n');
    const ended = once(left, 'end');
    sockets[1].resetAndDestroy();
    await ended;
    expect(sockets).toHaveLength(2);
  });

  it('are refused as the backend refuses them, and with a sentence when it is away', async () => {
    const behind = await rustBackendStandIn((_request, socket) => {
      socket.end(
        'HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno',
      );
    });
    const port = await backstage(behind, { withSignals });
    const refused = await readUntil(ask(port, PATH), '\r\n\r\nno');
    expect(refused).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    const elsewhere = await readUntil(
      ask(port, '/api/cluster-auth/../other'),
      '}}',
    );
    expect(elsewhere).toMatch(/^HTTP\/1\.1 400 [^]*bad_request/);
    behind.closeAllConnections();
    behind.close();
    const away = await readUntil(ask(port, PATH), '}}');
    expect(away).toMatch(/^HTTP\/1\.1 504 [^]*try again in a minute/);
  });
});

it('leaves the upgrades of plugin-signals-backend to it', async () => {
  const behind = await rustBackendStandIn(echo);
  const port = await backstage(behind, { withSignals: true });
  const open = (more: string) => {
    const socket = net.connect(port, '127.0.0.1');
    stops.push(() => socket.destroy());
    socket.write(
      `GET /api/signals HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n${more}\r\n`,
    );
    return socket;
  };
  const token = mockCredentials.user.token();
  const signals = open(`authorization: Bearer ${token}\r\n`);
  const head = await readUntil(signals, '\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1\.1 101 /);
  expect(head).toContain('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  expect(await readToEnd(open(''))).toMatch(/^HTTP\/1\.1 401 /);
  const plain = await fetch(`http://127.0.0.1:${port}/api/cluster-auth/info`);
  expect(await plain.text()).toBe('plain /api/cluster-auth/info');
});

it('answers upgrades that no listener takes', async () => {
  const upgrades = new Upgrades({ patienceMs: 20 });
  const server = http.createServer((request, response) => {
    upgrades.lookAfter(request);
    response.end();
  });
  server.on('upgrade', (request, socket) => {
    if (request.url === '/taken') {
      socket.on('data', () => {});
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  stops.push(() => server.close());
  await (await fetch(`http://127.0.0.1:${port}/`)).text();
  expect(server.listenerCount('upgrade')).toBe(2);
  const taken = ask(port, '/taken');
  expect(await readToEnd(ask(port, '/other'))).toMatch(/^HTTP\/1\.1 404 /);
  expect(taken.readableEnded).toBe(false);
  taken.destroy();
});

it('listens only where another plugin does, whenever that begins', () => {
  const upgrades = new Upgrades();
  const server = http.createServer();
  const request = { socket: { server } } as unknown as IncomingMessage;
  upgrades.lookAfter(request);
  upgrades.lookAfter(request);
  expect(server.listenerCount('upgrade')).toBe(0);
  server.on('upgrade', () => {});
  server.on('upgrade', () => {});
  expect(server.listenerCount('upgrade')).toBe(3);
});
