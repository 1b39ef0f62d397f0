import { EventEmitter, once } from 'node:events';
import http, { type IncomingMessage, type RequestListener } from 'node:http';
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
  options: { patienceMs?: number } = {},
): Promise<IncomingMessage> {
  const target = new URL(`http://127.0.0.1:${await listen(backendStandIn)}`);
  const logger = mockServices.logger.mock();
  const app = express();
  app.use(compression(), forwarder({ target, logger, ...options }));
  const request = http.get({
    port: await listen(app),
    headers: { 'accept-encoding': 'gzip' },
  });
  return (await once(request, 'response'))[0];
}

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
