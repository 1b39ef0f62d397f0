import { EventEmitter, once } from 'node:events';
import http, {
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestListener,
} from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { mockServices } from '@backstage/backend-test-utils';
import compression from 'compression';
import express from 'express';
import { forwarder } from './forwarder';

const stops: (() => void)[] = [];

afterEach(() => {
  stops.splice(0).forEach(stop => stop());
});

async function listen(listener: RequestListener): Promise<number> {
  const server = http.createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A forwarder behind the middleware that Backstage puts before its plugins; resolves to its port. */
async function behindCompression(
  targetPort: number,
  options: {
    patienceMs?: number;
    trustProxy?: boolean | number | string;
  } = {},
): Promise<number> {
  const { patienceMs, trustProxy = false } = options;
  const target = new URL(`http://127.0.0.1:${targetPort}`);
  const logger = mockServices.logger.mock();
  const app = express();
  app.set('trust proxy', trustProxy);
  app.use(compression(), forwarder({ target, logger, patienceMs }));
  return listen(app);
}

/** Such a forwarder with a caller. */
async function ask(
  backendStandIn: RequestListener,
  options: {
    patienceMs?: number;
    trustProxy?: boolean | number | string;
    headers?: OutgoingHttpHeaders;
  } = {},
): Promise<IncomingMessage> {
  const { headers, ...around } = options;
  const request = http.get({
    port: await behindCompression(await listen(backendStandIn), around),
    headers: { 'accept-encoding': 'gzip', ...headers },
  });
  return (await once(request, 'response'))[0];
}

/**
 * A backend that answers each request with the current value of these bytes and closes the connection; it records the
 * methods of requests.
 */
async function cannedBackend(canned: {
  answer: Buffer;
  methods?: Set<string>;
}): Promise<number> {
  const server = createServer(socket => {
    socket.on('error', () => {});
    socket.once('data', request => {
      canned.methods?.add(String(request).split(' ')[0]);
      socket.end(canned.answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** The whole answer, byte for byte. */
async function rawAnswer(port: number, method: string): Promise<Buffer> {
  const socket = connect(port, '127.0.0.1');
  // A reset also ends the answer.
  socket.on('error', () => {});
  const chunks: Buffer[] = [];
  socket.on('data', chunk => chunks.push(chunk));
  socket.write(
    `${method} /x HTTP/1.1\r\nhost: localhost\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n`,
  );
  await once(socket, 'close');
  return Buffer.concat(chunks);
}

/** How a client reads an answer (RFC 9112, 6.3): its status, or that it was cut. */
function judge(method: string, answer: Buffer): number | 'cut' {
  const text = answer.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) {
    return 'cut';
  }
  const [head, body] = [text.slice(0, end).toLowerCase(), text.slice(end + 4)];
  const status = Number(head.split(' ')[1]);
  if (method === 'HEAD' || status === 204 || status === 304) {
    expect(body).toBe('');
    return status;
  }
  const length = /^content-length: (\d+)$/m.exec(head)?.[1];
  const whole =
    length === undefined
      ? /(?:^|\r\n)0\r\n\r\n$/.test(body)
      : body.length === Number(length);
  return whole ? status : 'cut';
}

const GZIPPED = gzipSync('pods');

const CHUNKED = Buffer.concat([
  Buffer.from(`${GZIPPED.length.toString(16)}\r\n`),
  GZIPPED,
  Buffer.from('\r\n0\r\n\r\n'),
]);

const ANSWERS: [string, string, string, Buffer][] = [
  ['counted', 'GET', '200 OK\r\ncontent-length: 4', Buffer.from('pods')],
  [
    'chunked',
    'GET',
    '200 OK\r\ntransfer-encoding: chunked',
    Buffer.from('4\r\npods\r\n0\r\n\r\n'),
  ],
  [
    'gzipped and chunked',
    'GET',
    '200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked',
    CHUNKED,
  ],
  [
    'gzipped and counted',
    'GET',
    `200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${GZIPPED.length}`,
    GZIPPED,
  ],
  ['counted HEAD', 'HEAD', '200 OK\r\ncontent-length: 4', Buffer.alloc(0)],
  [
    'chunked HEAD',
    'HEAD',
    '200 OK\r\ntransfer-encoding: chunked',
    Buffer.alloc(0),
  ],
  ['204', 'GET', '204 No Content', Buffer.alloc(0)],
  ['304', 'GET', '304 Not Modified\r\netag: "x"', Buffer.alloc(0)],
];
describe('the forwarder behind proxies', () => {
  it.each([
    ['nothing is trusted', false, '6.6.6.6, 192.0.2.1, 127.0.0.1'],
    ['one proxy is trusted', 1, '192.0.2.1, 127.0.0.1'],
    ['loopback is trusted', 'loopback', '192.0.2.1, 127.0.0.1'],
  ])('forwards the caller where %s', async (_, trustProxy, expected) => {
    const seen: unknown[] = [];
    const answer = await ask(
      (request, response) => {
        seen.push(request.headers['x-forwarded-for']);
        response.end();
      },
      { trustProxy, headers: { 'x-forwarded-for': '6.6.6.6, 192.0.2.1' } },
    );
    expect(answer.statusCode).toBe(200);
    expect(seen).toEqual([expected]);
    answer.resume();
  });
});

describe('the end of a request', () => {
  it.each(['GET', 'DELETE'])(
    'follows from its length, whatever Connection names (%s)',
    async method => {
      const seen: string[] = [];
      const backend = await listen((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', chunk => chunks.push(chunk));
        request.on('end', () => {
          seen.push(`${request.url} ${Buffer.concat(chunks)}`);
          response.end();
        });
      });
      const smuggled = 'GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n';
      const socket = connect(await behindCompression(backend), '127.0.0.1');
      socket.write(
        `${method} /first HTTP/1.1\r\nhost: x\r\nconnection: close, content-length\r\ncontent-length: ${smuggled.length}\r\n\r\n${smuggled}`,
      );
      socket.resume();
      await once(socket, 'close');
      expect(seen).toEqual([`/first ${smuggled}`]);
    },
  );
});

describe('the forwarder behind compression', () => {
  it('holds nothing of a stream back', async () => {
    const answer = await ask((_request, response) => {
      response.setHeader('content-type', 'text/plain');
      response.write('an event');
    });
    expect(String((await once(answer, 'data'))[0])).toBe('an event');
  });

  it('does not wait for ever', async () => {
    const answer = await ask(() => {}, { patienceMs: 20 });
    expect(answer.statusCode).toBe(504);
    answer.resume();
  });

  it('breaks off an answer that the backend broke off', async () => {
    const behind = new EventEmitter();
    const answer = await ask((_request, response) => {
      response.write('the beginning');
      behind.once('break', () => response.destroy());
    });
    await once(answer, 'data');
    behind.emit('break');
    const ending = new Promise(resolve =>
      answer.once('error', resolve).once('end', () => resolve('whole')),
    );
    expect(await ending).toMatchObject({ code: 'ECONNRESET' });
  });

  it('tells a client how long the answer to a GET would be', async () => {
    const answer = Buffer.from(
      'HTTP/1.1 200 OK\r\ncontent-length: 1234\r\nconnection: close\r\n\r\n',
    );
    const port = await behindCompression(await cannedBackend({ answer }));
    const told = String(await rawAnswer(port, 'HEAD')).toLowerCase();
    expect(told).toContain('\r\ncontent-length: 1234\r\n');
  });

  it.each(ANSWERS)(
    'lets a client see that a %s answer was cut, wherever it was',
    async (_name, method, start, body) => {
      const head = Buffer.from(
        `HTTP/1.1 ${start}\r\ncache-control: no-transform\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n`,
      );
      const whole = Buffer.concat([head, body]);
      const canned = { answer: whole, methods: new Set<string>() };
      const port = await behindCompression(await cannedBackend(canned));
      const seen: (number | 'cut')[] = [];
      for (let length = 0; length <= whole.length; length++) {
        canned.answer = whole.subarray(0, length);
        seen.push(judge(method, await rawAnswer(port, method)));
      }
      const status = Number(start.split(' ')[0]);
      const cuts = new Array(whole.length - head.length).fill('cut');
      expect(seen).toEqual([
        ...new Array(head.length).fill(504),
        ...cuts,
        status,
      ]);
      expect([...canned.methods]).toEqual([method]);
    },
  );
});
