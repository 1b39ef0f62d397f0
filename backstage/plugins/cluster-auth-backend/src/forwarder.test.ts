import { EventEmitter, once } from 'node:events';
import http, {
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestListener,
} from 'node:http';
import type { AddressInfo } from 'node:net';
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

/** A forwarder behind what Backstage puts before its plugins, and somebody who asks. */
async function ask(
  backendStandIn: RequestListener,
  options: {
    patienceMs?: number;
    trustProxy?: boolean | number | string;
    headers?: OutgoingHttpHeaders;
  } = {},
): Promise<IncomingMessage> {
  const { patienceMs, trustProxy = false, headers } = options;
  const target = new URL(`http://127.0.0.1:${await listen(backendStandIn)}`);
  const logger = mockServices.logger.mock();
  const app = express();
  app.set('trust proxy', trustProxy);
  app.use(compression(), forwarder({ target, logger, patienceMs }));
  const request = http.get({
    port: await listen(app),
    headers: { 'accept-encoding': 'gzip', ...headers },
  });
  return (await once(request, 'response'))[0];
}

describe('the forwarder behind proxies', () => {
  it.each([
    ['nothing is trusted', false, '6.6.6.6, 192.0.2.1, 127.0.0.1'],
    ['one proxy is trusted', 1, '192.0.2.1, 127.0.0.1'],
    ['loopback is trusted', 'loopback', '192.0.2.1, 127.0.0.1'],
  ])('says whose request it is where %s', async (_, trustProxy, expected) => {
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
    const broken = new Promise(resolve => answer.once('error', resolve));
    expect(await broken).toMatchObject({ code: 'ECONNRESET' });
  });
});
