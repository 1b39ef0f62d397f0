import type { ClusterAuthApi, Session } from '../api/ClusterAuthApi';
import { Problem, problemOf } from '../api/Problem';
import type { Clock } from '../clock';
import { LiveValue, SettableValue } from '../LiveValue';
import type { Extension } from './extension';
import { followSession } from './followSession';
import type { OpenLogin, LoginState } from './LoginState';

/** After this long without a sign of the login, the person is told what may be wrong. */
const QUIET_AFTER_MS = 8_000;
/** How long a session lives. */
const SESSION_MS = 300_000;

/** What the flow needs of the world. */
export interface LoginFlowOptions {
  clusterAuthApi: ClusterAuthApi;
  clock: Clock;
  extension: Extension;
  /** Submits the session token to the helper at this address, in a new tab. */
  handOverToHelper(helperUrl: string, sessionToken: string): void;
}

/** One login, from register to done; the dialog shows its state. The session token is nowhere but here. */
export class LoginFlow {
  private readonly current = new SettableValue<LoginState>({
    step: 'registering',
  });
  private readonly closing = new AbortController();
  private forgetQuiet = () => {};

  constructor(private readonly options: LoginFlowOptions) {}

  get state(): LiveValue<LoginState> {
    return this.current;
  }

  /** Begins the login and follows it to its end; never throws. */
  async start(cluster: string | undefined): Promise<void> {
    const session = await this.register(cluster);
    if (!session) {
      return;
    }
    const endsAt = endOf(session, this.options.clock.now());
    this.set({
      step: 'open',
      session,
      endsAt,
      progress: 'pending',
      handOver: { to: 'nobody' },
      backend: 'answers',
    });
    await Promise.all([
      this.offerToExtension(session),
      this.follow(session, endsAt),
    ]);
  }

  /** Must run in the click's own task: browsers open a tab for a click only. */
  handOverToHelper(helperUrl: string) {
    const state = this.current.get();
    if (state.step !== 'open') {
      return;
    }
    this.options.handOverToHelper(helperUrl, state.session.sessionToken);
    this.update({
      handOver: { to: 'helper', helperUrl, quiet: false },
      refusal: undefined,
    });
    this.forgetQuiet();
    this.forgetQuiet = this.options.clock.after(QUIET_AFTER_MS, () =>
      this.update({ handOver: { to: 'helper', helperUrl, quiet: true } }),
    );
  }

  /** Nothing goes on afterwards; the session ends by itself. */
  close() {
    this.closing.abort();
    this.forgetQuiet();
  }

  private async register(
    cluster: string | undefined,
  ): Promise<Session | undefined> {
    try {
      return await this.options.clusterAuthApi.register({ cluster });
    } catch (error) {
      this.fail(problemOf(error));
      return undefined;
    }
  }

  private async offerToExtension({ sessionToken }: Session) {
    const { extension } = this.options;
    if (!(await extension.answers()) || this.closing.signal.aborted) {
      return;
    }
    if (this.isHandedOver()) {
      return;
    }
    this.update({ handOver: { to: 'extension' } });
    const refusal = await extension.start(sessionToken, this.closing.signal);
    if (refusal) {
      this.update({ handOver: { to: 'nobody' }, refusal });
    }
  }

  private isHandedOver(): boolean {
    const state = this.current.get();
    return state.step !== 'open' || state.handOver.to !== 'nobody';
  }

  private async follow(session: Session, endsAt: number) {
    const { clusterAuthApi, clock } = this.options;
    const end = await followSession(session.sessionToken, {
      endsAt,
      clusterAuthApi,
      clock,
      signal: this.closing.signal,
      onProgress: change => this.update(change),
    });
    this.forgetQuiet();
    if (end) {
      this.set(end);
    }
  }

  private fail(problem: Problem) {
    this.set({ step: 'failed', problem });
  }

  private update(
    change: Partial<Omit<OpenLogin, 'step' | 'session' | 'endsAt'>>,
  ) {
    const state = this.current.get();
    if (state.step === 'open') {
      this.set({ ...state, ...change });
    }
  }

  private set(state: LoginState) {
    if (!this.closing.signal.aborted) {
      this.current.set(state);
    }
  }
}

/** A clock that is wrong does not end a login that has just begun. */
function endOf(session: Session, now: number): number {
  const remaining = Date.parse(session.expiresAt) - now;
  return now + (remaining > 0 ? Math.min(remaining, SESSION_MS) : SESSION_MS);
}
