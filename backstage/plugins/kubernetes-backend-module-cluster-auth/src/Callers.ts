import { AsyncLocalStorage } from 'node:async_hooks';
import type {
  BackstageCredentials,
  BackstageUserPrincipal,
  HttpAuthService,
} from '@backstage/backend-plugin-api';
import type { RequestHandler } from 'express';
import type { Clock } from './clock';

/** The page of a tab waits for the slowest cluster: it has its answer within three seconds, whatever hangs. */
const TAB_MS = 2_500;

/** The kind of a request. */
export type Route = 'objects' | 'proxy';

/** The caller of the current request. */
export interface Caller {
  /** The signed-in user; none for a service, or if the credentials are invalid. */
  user?: BackstageCredentials<BackstageUserPrincipal>;
  /** `proxy` forwards one request to one cluster; all others collect objects from many. */
  route: Route;
  /** Until when a page that collects objects waits. */
  until: number;
}

/** Remembers the caller of the current request, which Backstage does not pass to auth strategies. */
export class Callers {
  readonly #callers = new AsyncLocalStorage<Caller>();
  readonly #httpAuth: HttpAuthService;
  readonly #clock: Clock;

  constructor(httpAuth: HttpAuthService, clock: Clock) {
    this.#httpAuth = httpAuth;
    this.#clock = clock;
  }

  /** Middleware for all requests, before any code that needs a credential. Refuses none, as each route authorizes itself. */
  middleware(): RequestHandler {
    return (request, _response, next) => {
      const route: Route = /^\/proxy(\/|$)/i.test(request.path)
        ? 'proxy'
        : 'objects';
      const until = this.#clock.now() + TAB_MS;
      // Now, since the proxy removes the Authorization header before it needs a credential.
      this.#httpAuth.credentials(request, { allow: ['user'] }).then(
        user => this.#callers.run({ user, route, until }, next),
        () => this.#callers.run({ route, until }, next),
      );
    };
  }

  /** The caller of the current request; none outside of requests. */
  current(): Caller | undefined {
    return this.#callers.getStore();
  }
  /** How many milliseconds the page of the current request still waits. */
  patience(): number {
    const until = this.current()?.until;
    return until === undefined
      ? TAB_MS
      : Math.max(0, until - this.#clock.now());
  }
}
