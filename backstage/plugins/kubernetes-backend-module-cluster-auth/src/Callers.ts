import { AsyncLocalStorage } from 'node:async_hooks';
import type {
  BackstageCredentials,
  BackstageUserPrincipal,
  HttpAuthService,
} from '@backstage/backend-plugin-api';
import type { RequestHandler } from 'express';

/** The kind of a request. */
export type Route = 'objects' | 'proxy';

/** The caller of the current request. */
export interface Caller {
  /** The signed-in user; none for a service, or if the credentials are invalid. */
  user?: BackstageCredentials<BackstageUserPrincipal>;
  /** `proxy` forwards one request to one cluster; all others collect objects from many. */
  route: Route;
}

/** Remembers the caller of the current request, which Backstage does not pass to auth strategies. */
export class Callers {
  readonly #callers = new AsyncLocalStorage<Caller>();
  readonly #httpAuth: HttpAuthService;

  constructor(httpAuth: HttpAuthService) {
    this.#httpAuth = httpAuth;
  }

  /** Middleware for all requests, before any code that needs a credential. Refuses none, as each route authorizes itself. */
  middleware(): RequestHandler {
    return (request, _response, next) => {
      const route: Route = /^\/proxy(\/|$)/i.test(request.path)
        ? 'proxy'
        : 'objects';
      // Now, since the proxy removes the Authorization header before it needs a credential.
      this.#httpAuth.credentials(request, { allow: ['user'] }).then(
        user => this.#callers.run({ user, route }, next),
        () => this.#callers.run({ route }, next),
      );
    };
  }

  /** The caller of the current request; none outside of requests. */
  current(): Caller | undefined {
    return this.#callers.getStore();
  }
}
