import { AsyncLocalStorage } from 'node:async_hooks';
import type {
  BackstageCredentials,
  BackstageUserPrincipal,
  HttpAuthService,
} from '@backstage/backend-plugin-api';
import type { RequestHandler } from 'express';

/** Which answer a request waits for. */
export type Route = 'objects' | 'proxy';

/** Whose request is being served. */
export interface Caller {
  /** The signed-in user; nobody for a service, or where signing in went wrong. */
  user?: BackstageCredentials<BackstageUserPrincipal>;
  /** `proxy` passes one request on to one cluster; all others collect objects from many. */
  route: Route;
}

/** Remembers whose request is being served, because Backstage does not tell its auth strategies. */
export class Callers {
  readonly #callers = new AsyncLocalStorage<Caller>();
  readonly #httpAuth: HttpAuthService;

  constructor(httpAuth: HttpAuthService) {
    this.#httpAuth = httpAuth;
  }

  /** To be passed by each request, before any that asks for a credential. Refuses none: who may, its route decides. */
  middleware(): RequestHandler {
    return (request, _response, next) => {
      const route: Route = /^\/proxy(\/|$)/i.test(request.path)
        ? 'proxy'
        : 'objects';
      // Now, since the proxy takes the Authorization header away before it asks for a credential.
      this.#httpAuth.credentials(request, { allow: ['user'] }).then(
        user => this.#callers.run({ user, route }, next),
        () => this.#callers.run({ route }, next),
      );
    };
  }

  /** The caller of the request that is being served; none outside of requests. */
  current(): Caller | undefined {
    return this.#callers.getStore();
  }
}
