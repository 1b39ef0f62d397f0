import { once } from 'node:events';
import http, { type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

const stops: (() => void)[] = [];

/** Call it after each test. */
export function stopStandIns(): void {
  stops.splice(0).forEach(stop => stop());
}

async function listen(listener: RequestListener): Promise<string> {
  const server = http.createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const podOfToken: RequestListener = (request, response) => {
  const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
  response.setHeader('content-type', 'application/json');
  if (request.url?.includes('/log')) {
    response.end(JSON.stringify(`log of ${token}`));
    return;
  }
  const isPods = request.url?.startsWith('/api/v1/pods');
  const items = isPods
    ? [{ metadata: { name: token, namespace: 'team' } }]
    : [];
  response.end(JSON.stringify({ kind: 'PodList', items }));
};

/** A Kubernetes API with one pod, named after the token of the request. */
export function clusterStandIn(): Promise<string> {
  return listen(podOfToken);
}

/** The same, but no request is answered before the test lets go. */
export async function hangingClusterStandIn() {
  const hanging = {
    url: '',
    asked: 0,
    held: [] as (() => void)[],
    letGo: () => hanging.held.splice(0).forEach(answer => answer()),
  };
  hanging.url = await listen((request, response) => {
    hanging.asked += 1;
    hanging.held.push(() => podOfToken(request, response));
  });
  return hanging;
}

/** A fake Rust backend. Answers `GET /token` with `CLUSTER-token-of-USER`, or as a test says. */
export function backendStandIn(listener?: RequestListener): Promise<string> {
  return listen(
    listener ??
      ((request, response) => {
        const bearer = request.headers.authorization?.slice('Bearer '.length);
        const { obo, aud } = standInTokenOf(bearer ?? '');
        const cluster = new URL(request.url ?? '', 'http://x').searchParams.get(
          'cluster',
        );
        response.statusCode = aud === 'cluster-auth' ? 200 : 401;
        // In random order.
        setImmediate(() =>
          response.end(JSON.stringify({ token: `${cluster}-token-of-${obo}` })),
        );
      }),
  );
}

/** The content of a token for another plugin, from Backstage's mock of the auth service. */
function standInTokenOf(token: string): { obo?: string; aud?: string } {
  const { sub, obo, target } = JSON.parse(
    token.replace(/^mock-service-token:/, ''),
  );
  return { obo: obo ?? sub, aud: target };
}

/** A backend that refuses all requests. */
export function refusing(
  status: number,
  code: string,
  message: string,
): Promise<string> {
  return backendStandIn((_request, response) => {
    response.statusCode = status;
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        error: { name: 'Error', code, message },
        response: { statusCode: status },
      }),
    );
  });
}
