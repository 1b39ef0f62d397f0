import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { once } from 'node:events';
import { mockServices, startTestBackend } from '@backstage/backend-test-utils';
import clusterAuthPlugin from '.';

const stops: (() => void)[] = [];

afterEach(() => {
  stops.splice(0).forEach(stop => stop());
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A fake Rust backend with a test's answers. */
async function backendStandIn(answer: Answer) {
  const server = http.createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${port}` };
}

/** A Backstage with the forwarder and a fake backend. */
async function backstage(answer: Answer, data?: { backendUrl: string }) {
  const { server, url } = await backendStandIn(answer);
  const clusterAuth = { backendUrl: url, ...data };
  const { server: portal } = await startTestBackend({
    features: [
      clusterAuthPlugin,
      mockServices.rootConfig.factory({ data: { clusterAuth } }),
    ],
  });
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { behind: server, port: portal.port() };
}

async function bodyOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function ask(
  port: number,
  path: string,
  options: http.RequestOptions & { body?: string } = {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    http
      .request({ port, path, ...options }, resolve)
      .once('error', reject)
      .end(options.body);
  });
}

describe('the forwarder', () => {
  it('forwards a request unchanged, without cookies and for any caller', async () => {
    const { port } = await backstage(async (request, response) => {
      const { method, url, headers } = request;
      const body = await bodyOf(request);
      response.setHeader('x-request-id', 'abc');
      response.statusCode = 409;
      response.end(JSON.stringify({ method, url, headers, body }));
    });
    const answer = await ask(port, '/api/cluster-auth/a%2Fb//c..?q=%20/../&q', {
      method: 'PUT',
      headers: {
        authorization: 'Bearer session',
        cookie: 'backstage=secret',
        'content-type': 'application/json',
        connection: 'keep-alive, x-hop',
        'x-hop': '1',
        'x-forwarded-for': '192.0.2.1',
      },
      body: '{"codeChallenge": 1}',
    });
    expect(answer.statusCode).toBe(409);
    expect(answer.headers['x-request-id']).toBe('abc');
    expect(answer.headers['cache-control']).toBe('no-transform');
    const seen = JSON.parse(await bodyOf(answer));
    expect(seen).toMatchObject({
      method: 'PUT',
      url: '/api/cluster-auth/a%2Fb//c..?q=%20/../&q',
      body: '{"codeChallenge": 1}',
      headers: { authorization: 'Bearer session' },
    });
    expect(seen.headers.cookie).toBeUndefined();
    expect(seen.headers['x-hop']).toBeUndefined();
    expect(seen.headers['x-forwarded-for']).toMatch(
      /^192\.0\.2\.1, .*127\.0\.0\.1$/,
    );
  });

  it('streams both ways while both still arrive', async () => {
    const { port } = await backstage((request, response) => {
      response.setHeader('content-type', 'text/plain');
      request.pipe(response);
    });
    const request = http.request({
      port,
      path: '/api/cluster-auth/x',
      method: 'POST',
    });
    request.write('one');
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    expect(String((await once(answer, 'data'))[0])).toBe('one');
    request.write('two');
    expect(String((await once(answer, 'data'))[0])).toBe('two');
    request.end();
    await once(answer, 'end');
  });

  it('ends the request at the backend when the caller is gone', async () => {
    const { behind, port } = await backstage(() => {});
    const request = http.request({
      port,
      path: '/api/cluster-auth/session?wait=25',
    });
    request.on('error', () => {});
    request.end();
    const [asked] = (await once(behind, 'request')) as [IncomingMessage];
    const gone = new Promise(resolve => asked.once('error', resolve));
    request.destroy();
    expect(String(await gone)).toMatch(/aborted/);
  });

  it('passes an upgrade on, and the refusal of one', async () => {
    const { behind, port } = await backstage((_request, response) => {
      response.statusCode = 403;
      response.end('no upgrades');
    });
    const refused = await ask(port, '/api/cluster-auth/x', {
      headers: { connection: 'Upgrade', upgrade: 'websocket' },
    });
    expect([refused.statusCode, await bodyOf(refused)]).toEqual([
      403,
      'no upgrades',
    ]);

    behind.on('upgrade', (_request, socket) => {
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n',
      );
      socket.pipe(socket);
    });
    const client = connect(port, 'localhost');
    client.write(
      'GET /api/cluster-auth/x HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n',
    );
    expect(String((await once(client, 'data'))[0])).toMatch(/^HTTP\/1\.1 101 /);
    for (const frame of ['one', 'two']) {
      client.write(frame);
      expect(String((await once(client, 'data'))[0])).toBe(frame);
    }
    client.destroy();
  });

  it.each([
    '/api/cluster-auth/../other',
    '/api/cluster-auth/a/%2E./other',
    '/api/cluster-auth/..%2fother',
    '/api/cluster-auth/a%5c..',
    '/api/cluster-auth/a%2f../other',
    '/api/cluster-auth/..\\other',
    '/api/cluster-auth/.?q',
    '/api/cluster-auth/..;/other',
    '/api/cluster-auth/%2e%2E%3Bx/other',
    'http://elsewhere/api/cluster-auth/info',
  ])('does not pass on %s, which may lead elsewhere', async path => {
    const asked = jest.fn((_request, response) => response.end());
    const { port } = await backstage(asked);
    const answer = await ask(port, path);
    expect(answer.statusCode).toBe(400);
    expect(JSON.parse(await bodyOf(answer)).error.code).toBe('bad_request');
    expect(asked).not.toHaveBeenCalled();
  });

  it('says in one sentence that nothing answers', async () => {
    const { behind, port } = await backstage(() => {});
    behind.close();
    const answer = await ask(port, '/api/cluster-auth/info');
    expect(answer.statusCode).toBe(504);
    expect(JSON.parse(await bodyOf(answer))).toEqual({
      error: {
        name: 'ServiceUnavailableError',
        code: 'timeout',
        message: expect.stringMatching(
          /does not answer: try again in a minute/,
        ),
      },
      response: { statusCode: 504 },
    });
  });

  it.each(['ftp://x', 'http://x/path', 'http://user:word@x', 'x'])(
    'does not start with %s as its target',
    async backendUrl => {
      await expect(backstage(() => {}, { backendUrl })).rejects.toThrow(
        /clusterAuth.backendUrl must be an address/,
      );
    },
  );
});
