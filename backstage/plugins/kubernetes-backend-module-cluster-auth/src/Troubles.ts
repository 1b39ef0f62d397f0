import type { LoggerService } from '@backstage/backend-plugin-api';
import type { Clock } from './clock';
import type { NoToken } from './NoToken';

const ONE_LINE_EACH_MS = 60_000;

/** Logs why clusters are blank: each open tab asks every ten seconds, so the same trouble of a cluster is one line a minute. */
export class Troubles {
  /** By cluster and code, of which there are few. */
  readonly #lines = new Map<string, { at: number; leftOut: number }>();
  readonly #clock: Clock;
  readonly #logger: LoggerService;

  constructor(clock: Clock, logger: LoggerService) {
    this.#clock = clock;
    this.#logger = logger;
  }

  log(noToken: NoToken, cluster: string, user = 'nobody'): void {
    const code = noToken.code ?? 'none';
    // Without a code the message is one of ours, and says which trouble it is.
    const key = JSON.stringify([cluster, noToken.code ?? noToken.message]);
    const last = this.#lines.get(key);
    const now = this.#clock.now();
    if (last && now < last.at + ONE_LINE_EACH_MS) {
      last.leftOut += 1;
      return;
    }
    this.#lines.set(key, { at: now, leftOut: 0 });
    const fields = {
      cluster,
      code,
      user,
      ...(last?.leftOut ? { linesLeftOut: last.leftOut } : {}),
    };
    if (noToken.code === 'not_connected') {
      this.#logger.debug(noToken.message, fields);
    } else {
      this.#logger.warn(noToken.message, fields);
    }
  }
}
