import type { Clock } from './clock';
import type { NoToken } from './NoToken';

/** One poll of the Kubernetes tab. */
const REMEMBERED_MS = 10_000;

/** Why there was no token, by user and cluster: polls do not ask for it anew, and do not wait anew for a backend that hangs. */
export class Absences {
  readonly #kept = new Map<string, { noToken: NoToken; until: number }>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many are kept. */
  get size(): number {
    return this.#kept.size;
  }

  /**
   * The absence of the last seconds, if there is one.
   *
   * @param connected - whether the user's page knows of a login. It knows at once, so that nothing that was remembered before keeps a
   *   person waiting who has just connected. It knows nothing of a backend that does not answer.
   */
  recent(
    user: string,
    cluster: string,
    { connected }: { connected: boolean },
  ): NoToken | undefined {
    const kept = this.#kept.get(keyOf(user, cluster));
    if (!kept || kept.until <= this.#clock.now()) {
      return undefined;
    }
    return connected && kept.noToken.code === 'not_connected'
      ? undefined
      : kept.noToken;
  }

  remember(user: string, cluster: string, noToken: NoToken): void {
    const now = this.#clock.now();
    // In the order in which they end, so that the map does not grow with everyone who ever came.
    for (const [key, { until }] of this.#kept) {
      if (until > now) {
        break;
      }
      this.#kept.delete(key);
    }
    this.forget(user, cluster);
    this.#kept.set(keyOf(user, cluster), {
      noToken,
      until: now + REMEMBERED_MS,
    });
  }

  forget(user: string, cluster: string): void {
    this.#kept.delete(keyOf(user, cluster));
  }
}

function keyOf(user: string, cluster: string): string {
  return JSON.stringify([user, cluster]);
}
