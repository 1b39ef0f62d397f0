import type { ClusterAuthApi, Session } from '../api/ClusterAuthApi';
import { Problem, problemOf } from '../api/Problem';
import type { Clock } from '../clock';
import { LiveValue, SettableValue } from '../LiveValue';
import type { Extension } from './extension';
import { followSession } from './followSession';
import type { Command } from './commands';
import type { OpenLogin, LoginState } from './LoginState';
import type { RememberedWays } from './rememberedWays';

/** After this time without progress, the user is told what may be wrong. */
const QUIET_AFTER_MS = 8_000;
/** How long a cancelled login waits for the backend. */
const CANCEL_MS = 3_000;
/** How long a session lives. */
const SESSION_MS = 300_000;

/** What the flow needs from outside. */
export interface LoginFlowOptions {
  clusterAuthApi: ClusterAuthApi;
  clock: Clock;
  extension: Extension;
  /** Submits the session token to the helper at this address, in a new tab. */
  handOverToHelper(helperUrl: string, sessionToken: string): void;
  ways: Pick<RememberedWays, 'provenHelper' | 'setLastWay' | 'setProvenHelper'>;
}

/** One login, from register to its end; the dialog shows its state. Only this object holds the session token. */
export class LoginFlow {
  private readonly current = new SettableValue<LoginState>({
    step: 'registering',
  });
  private readonly closing = new AbortController();
  private forgetQuiet = () => {};
  private isCancelled = false;

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
    if (this.closing.signal.aborted) {
      await this.cancelAtBackend(session);
      return;
    }
    const endsAt = endOf(session, this.options.clock.now());
    this.set({
      step: 'open',
      session,
      endsAt,
      progress: 'pending',
      handOver: { to: 'none' },
      backend: 'answers',
    });
    await Promise.all([
      this.offerToExtension(session),
      this.follow(session, endsAt),
    ]);
  }

  /** Must run in the click's own task, since browsers open a tab only for a click. */
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

  /** The user has copied a command, and so goes on in a terminal. */
  commandCopied(kind: Command['kind']) {
    this.forgetQuiet();
    this.update({ handOver: { to: 'command', kind }, refusal: undefined });
  }

  /** The user looks at this page again: a helper that answers would have led them on. */
  userIsBack() {
    const state = this.current.get();
    if (state.step === 'open' && state.handOver.to === 'helper') {
      this.update({ handOver: { ...state.handOver, quiet: true } });
    }
  }

  /**
   * Ends the session at the backend and stops everything. Resolves to false if that is too late: the user has logged in, and the login
   * goes on.
   */
  async cancel(): Promise<boolean> {
    const state = this.current.get();
    if (state.step === 'open') {
      const outcome = await this.cancelAtBackend(state.session);
      if (outcome === 'exchanging') {
        this.update({ progress: 'exchanging' });
        return false;
      }
      this.isCancelled = true;
    }
    this.close();
    return true;
  }

  /** Stops everything. */
  close() {
    this.leave({});
    this.closing.abort();
    this.forgetQuiet();
  }

  /** Cancels the session if this page alone has its token; else it may be completed without the page. */
  leave(options: { keepalive?: boolean }) {
    const state = this.current.get();
    const isOurs = state.step === 'open' && state.handOver.to === 'none';
    if (isOurs && !this.isCancelled) {
      this.isCancelled = true;
      this.cancelAtBackend(state.session, options);
    }
  }

  /** Never throws: without an answer, the session expires by itself. */
  private async cancelAtBackend(
    { sessionToken }: Session,
    options: { keepalive?: boolean } = {},
  ): Promise<'cancelled' | 'exchanging'> {
    const { clock, clusterAuthApi } = this.options;
    const giveUp = new AbortController();
    const forget = clock.after(CANCEL_MS, () => giveUp.abort());
    try {
      return await clusterAuthApi.cancel(sessionToken, {
        ...options,
        signal: giveUp.signal,
      });
    } catch {
      return 'cancelled';
    } finally {
      forget();
    }
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
    const answers = await extension.answers();
    if (this.closing.signal.aborted || this.isHandedOver()) {
      return;
    }
    if (!answers) {
      this.handOverToProvenHelper();
      return;
    }
    this.update({ handOver: { to: 'extension' } });
    const refusal = await extension.start(sessionToken, this.closing.signal);
    if (refusal) {
      this.update({ handOver: { to: 'none' }, refusal });
    }
  }

  /** The click that began the login is recent enough for browsers to open a tab. */
  private handOverToProvenHelper() {
    const { ways } = this.options;
    const helperUrl = ways.provenHelper();
    if (helperUrl) {
      // Forgotten until a login succeeds through it again: if it is gone, the user sees a failing tab only once.
      ways.setProvenHelper(undefined);
      this.handOverToHelper(helperUrl);
    }
  }

  private isHandedOver(): boolean {
    const state = this.current.get();
    return state.step !== 'open' || state.handOver.to !== 'none';
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
      this.rememberWay(end);
      this.set(end);
    }
  }

  /** What the user did last in the dialog is what worked: after a helper that did not answer, they took a command. */
  private rememberWay(end: LoginState) {
    const { ways } = this.options;
    const state = this.current.get();
    if (end.step !== 'complete' || state.step !== 'open') {
      return;
    }
    const { handOver } = state;
    if (handOver.to === 'helper') {
      ways.setLastWay('helper');
      ways.setProvenHelper(handOver.helperUrl);
    } else if (handOver.to === 'command') {
      ways.setLastWay(handOver.kind);
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

/** Limits the remaining time, so that a wrong clock does not end a login that has just begun. */
function endOf(session: Session, now: number): number {
  const remaining = Date.parse(session.expiresAt) - now;
  return now + (remaining > 0 ? Math.min(remaining, SESSION_MS) : SESSION_MS);
}
