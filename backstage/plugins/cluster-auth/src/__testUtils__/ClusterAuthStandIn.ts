import type {
  ClusterAuthApi,
  ClusterStatus,
  Disconnected,
  LivesOn,
  Session,
  SessionProgress,
  Status,
} from '../api/ClusterAuthApi';

export const SESSION_TOKEN = 'dG9rZW4tb2YtYS1zZXNzaW9uLWluLXRlc3RzLW9ubHk';
export const USER = 'user:default/felix';

/** A cluster without a login. */
export const unconnected: ClusterStatus = {
  name: 'prod',
  title: 'Production',
  connected: false,
  refreshable: false,
};

/** A cluster with a login. */
export const connected: ClusterStatus = {
  ...unconnected,
  connected: true,
  subject: 'idp|felix',
  expiresAt: '2036-11-25T13:00:00Z',
  refreshable: true,
};

type Answer = SessionProgress | Error;

/** A fake backend with configured answers. A request for a session waits until the test answers it. */
export class ClusterAuthStandIn implements ClusterAuthApi {
  clusters: ClusterStatus[] = [unconnected];
  refuses?: Error;
  /** Makes requests for sessions fail at once. */
  away = false;
  expiresAt = '2026-11-25T12:05:00Z';
  revocationPending: string[] = [];
  livesOn: LivesOn[] = [];
  /** What a cancelled session answers; an error if it is one. */
  cancelled: 'cancelled' | 'exchanging' | Error = 'cancelled';
  readonly calls: string[] = [];
  private waiting: ((answer: Answer) => void)[] = [];

  async getStatus(): Promise<Status> {
    this.calls.push('status');
    this.refuse();
    return { user: USER, clusters: this.clusters };
  }

  async register({ cluster }: { cluster?: string }): Promise<Session> {
    this.calls.push(`register ${cluster}`);
    this.refuse();
    const { expiresAt } = this;
    return {
      sessionToken: SESSION_TOKEN,
      user: USER,
      cluster: cluster ?? 'prod',
      expiresAt,
    };
  }

  getSession(
    sessionToken: string,
    { signal }: { wait: number; signal: AbortSignal },
  ): Promise<SessionProgress> {
    this.calls.push(`session ${sessionToken}`);
    if (this.away) {
      return Promise.reject(new TypeError('Failed to fetch'));
    }
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => {
        this.calls.push('gave up');
        reject(new Error('aborted'));
      });
      this.waiting.push(answer =>
        'status' in answer ? resolve(answer) : reject(answer),
      );
    });
  }

  async cancel(
    sessionToken: string,
    { keepalive }: { keepalive?: boolean },
  ): Promise<'cancelled' | 'exchanging'> {
    this.calls.push(`cancel ${sessionToken}${keepalive ? ' keepalive' : ''}`);
    if (this.cancelled instanceof Error) {
      throw this.cancelled;
    }
    return this.cancelled;
  }

  async disconnect(cluster: string): Promise<Disconnected> {
    this.calls.push(`disconnect ${cluster}`);
    this.refuse();
    this.clusters = this.clusters.map(each =>
      each.name === cluster ? unconnected : each,
    );
    const { revocationPending, livesOn } = this;
    return { disconnected: [cluster], revocationPending, livesOn };
  }

  /** Answers the waiting requests for a session. */
  tell(answer: Error | SessionProgress['status'], code?: string) {
    const waiting = this.waiting;
    this.waiting = [];
    const error = code ? { code, message: `A sentence: ${code}.` } : undefined;
    const { expiresAt } = this;
    waiting.forEach(reply =>
      reply(
        typeof answer === 'string'
          ? { status: answer, user: USER, cluster: 'prod', expiresAt, error }
          : answer,
      ),
    );
  }

  /** The number of requests for a session. */
  get asked() {
    return this.calls.filter(call => call.startsWith('session')).length;
  }

  private refuse() {
    if (this.refuses) {
      throw this.refuses;
    }
  }
}
