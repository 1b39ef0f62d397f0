import { randomBytes } from 'node:crypto';
import type {
  DiscoveryService,
  LifecycleService,
} from '@backstage/backend-plugin-api';
import type { RequestHandler } from 'express';

/** Names the request that this process sends to itself; no other process knows its value. */
const HEADER = 'x-cluster-auth-own-server';

/** Backstage answers 503 until all plugins have started. */
const TRIES = 10;
const PAUSE_MS = 1_000;
/** For one try: the address may be one that takes a connection and says nothing. */
const TIMEOUT_MS = 5_000;

/**
 * Asks this plugin's own address once at the start, so that upgrades are looked after before anybody asks for something. If the address
 * leads elsewhere, the first request that comes does the same.
 */
export function askOwnServer({
  discovery,
  lifecycle,
  timeoutMs = TIMEOUT_MS,
}: {
  discovery: DiscoveryService;
  lifecycle: LifecycleService;
  timeoutMs?: number;
}): RequestHandler {
  const secret = randomBytes(32).toString('hex');
  const stopped = new AbortController();
  lifecycle.addStartupHook(() => {
    // Not awaited: no request is answered before this returns.
    ask(discovery, { secret, timeoutMs, signal: stopped.signal }).catch(
      () => {},
    );
  });
  lifecycle.addShutdownHook(() => stopped.abort());
  return (request, response, next) => {
    if (request.get(HEADER) === secret) {
      response.status(204).end();
    } else {
      next();
    }
  };
}

async function ask(
  discovery: DiscoveryService,
  {
    secret,
    timeoutMs,
    signal,
  }: { secret: string; timeoutMs: number; signal: AbortSignal },
): Promise<void> {
  const url = await discovery.getBaseUrl('cluster-auth');
  for (let tries = 0; tries < TRIES && !signal.aborted; tries++) {
    const answer = await fetch(url, {
      headers: { [HEADER]: secret },
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    }).catch(() => undefined);
    if (answer?.status === 204) {
      return;
    }
    // What is not read would keep its connection.
    await answer?.body?.cancel().catch(() => {});
    await pause(signal);
  }
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, PAUSE_MS);
    timer.unref();
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
