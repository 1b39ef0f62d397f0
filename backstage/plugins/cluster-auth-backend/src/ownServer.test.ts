import { once } from 'node:events';
import http, { type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mockServices } from '@backstage/backend-test-utils';
import express from 'express';
import { askOwnServer } from './ownServer';

const stops: (() => void)[] = [];

afterEach(() => stops.splice(0).forEach(stop => stop()));

it('tries again where an address takes the request and says nothing', async () => {
  const held: ServerResponse[] = [];
  const app = express();
  const server = http.createServer((request, response) => {
    if (held.length === 0) {
      held.push(response);
    } else {
      app(request, response);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const discovery = mockServices.discovery.mock({
    getBaseUrl: async () => `http://127.0.0.1:${port}/api/cluster-auth`,
  });
  const hooks: (() => void)[] = [];
  const lifecycle = mockServices.lifecycle.mock({
    addStartupHook: hook => hooks.push(hook),
  });
  const answered = new Promise<number>(resolve => {
    app.use((_request, response, next) => {
      response.once('finish', () => resolve(response.statusCode));
      next();
    });
  });
  app.use(askOwnServer({ discovery, lifecycle, timeoutMs: 20 }));
  hooks.forEach(start => start());
  expect(await answered).toBe(204);
  expect(held).toHaveLength(1);
});
