import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { mockCredentials } from '@backstage/backend-test-utils';
import {
  ask,
  backstage,
  echo,
  readToEnd,
  readUntil,
  rustBackendStandIn,
  stopAll,
  stops,
  SWITCHED,
} from './__testUtils__/backstage';
import { Upgrades } from './upgrades';

afterEach(stopAll);

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

  it('are no requests to Backstage any more, whatever goes through them', async () => {
    const requests: (string | undefined)[] = [];
    const port = await backstage(await rustBackendStandIn(echo), {
      withSignals,
      lookAt: server => {
        server.on('request', ({ url }) => requests.push(url));
        Object.assign(server, {
          headersTimeout: 1_000,
          connectionsCheckingInterval: 300,
        });
      },
    });
    const client = ask(port, PATH);
    await readUntil(client, SWITCHED);
    for (const frame of [
      'GET /api/cluster-auth/x HTTP/1.1\r\nhost: y\r\n\r\n',
      'GET /half HTTP/1.1\r\nhost:',
    ]) {
      client.write(frame);
      await readUntil(client, frame);
    }
    // What is half a request elsewhere has a time limit.
    const half = net.connect(port, '127.0.0.1');
    stops.push(() => half.destroy());
    half.write('GET /half HTTP/1.1\r\nhost:');
    expect(await readToEnd(half)).toMatch(/^HTTP\/1\.1 408 /);
    client.write('after it');
    expect(await readUntil(client, 'after it')).toBe('after it');
    expect(requests.filter(url => url?.endsWith('/x'))).toEqual([]);
  });

  it('leave nothing open when they are refused and their client is gone', async () => {
    const sockets: Socket[] = [];
    const behind = await rustBackendStandIn((_request, socket) => {
      socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\nno');
    });
    const port = await backstage(behind, {
      withSignals,
      lookAt: server => server.on('connection', one => sockets.push(one)),
    });
    const client = net.connect(port, '127.0.0.1');
    await once(client, 'connect');
    const { localPort } = client;
    client.write(
      `GET ${PATH} HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\nX`,
    );
    expect(await readUntil(client, '\r\n\r\nno')).toMatch(/^HTTP\/1\.1 401 /);
    const left = sockets.find(({ remotePort }) => remotePort === localPort);
    client.destroy();
    if (left && !left.destroyed) {
      await once(left, 'close');
    }
  });

  it('wait for the answers before them, or are refused', async () => {
    const upgrades: IncomingMessage[] = [];
    const answers: (() => void)[] = [];
    const behind = await rustBackendStandIn(
      (request, socket, head) => {
        upgrades.push(request);
        echo(request, socket, head);
      },
      ({ url }, response) => {
        const answer = () => response.end(`plain ${url}`);
        if (url?.endsWith('/slow')) {
          answers.push(answer);
        } else {
          answer();
        }
      },
    );
    const port = await backstage(behind, { withSignals });
    const client = net.connect(port, '127.0.0.1');
    stops.push(() => client.destroy());
    client.write(
      `GET /api/cluster-auth/slow HTTP/1.1\r\nhost: localhost\r\n\r\nGET ${PATH} HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n`,
    );
    const got = withSignals ? readToEnd(client) : readUntil(client, '}}');
    const plain = await fetch(`http://127.0.0.1:${port}/api/cluster-auth/info`);
    expect(await plain.text()).toBe('plain /api/cluster-auth/info');
    answers.forEach(answer => answer());
    expect(await got).toMatch(
      withSignals
        ? /^$/
        : /^HTTP\/1\.1 200 [^]*plain [^]*HTTP\/1\.1 400 [^]*bad_request/,
    );
    expect(upgrades).toEqual([]);
  });

  it.each([
    ['a length', 'content-length: 5', 'hello'],
    ['chunks', 'transfer-encoding: chunked', '5\r\nhello\r\n0\r\n\r\n'],
  ])('with a body of %s are plain requests', async (_kind, header, body) => {
    const behind = await rustBackendStandIn(echo, async (request, response) => {
      let text = '';
      for await (const chunk of request) {
        text += chunk;
      }
      const { host, upgrade, ...more } = request.headers;
      response.end(
        `${request.method} ${upgrade} ${more['x-of-user']} ${
          more['http2-settings']
        } ${Boolean(host)} ${text}`,
      );
    });
    const port = await backstage(behind, { withSignals });
    for (const apart of [false, true]) {
      const client = net.connect(port, '127.0.0.1');
      stops.push(() => client.destroy());
      const head = `POST ${PATH} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\nX-Of-User: \xe9\r\n${header}\r\n\r\n`;
      const got = readUntil(client, 'hello');
      if (apart) {
        client.write(Buffer.from(head + body.slice(0, 3), 'latin1'));
        // Another request has been there: Node has read the head by then.
        await (await fetch(`http://127.0.0.1:${port}/other`)).text();
        client.write(body.slice(3));
      } else {
        client.write(Buffer.from(head + body, 'latin1'));
      }
      expect(await got).toMatch(
        /^HTTP\/1\.1 200 [^]*POST undefined \S+ undefined true hello$/,
      );
      client.destroy();
    }
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

it('leaves an upgrade to another listener for ten seconds and no longer', () => {
  jest.useFakeTimers();
  stops.push(() => jest.useRealTimers());
  const server = http.createServer();
  const request = { socket: { server } } as unknown as IncomingMessage;
  new Upgrades().lookAfter(request);
  server.on('upgrade', () => {});
  const socket = Object.assign(new PassThrough(), { bytesWritten: 0 });
  const end = jest.spyOn(socket, 'end');
  server.emit('upgrade', { url: '/other' }, socket, Buffer.alloc(0));
  jest.advanceTimersByTime(9_999);
  expect(end).not.toHaveBeenCalled();
  jest.advanceTimersByTime(1);
  expect(end).toHaveBeenCalledTimes(1);
});
