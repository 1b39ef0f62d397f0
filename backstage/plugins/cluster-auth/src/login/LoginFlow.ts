import type { ClusterAuthApi, Session } from '../api/ClusterAuthApi';
import { Problem, problemOf } from '../api/Problem';
import type { Clock } from '../clock';
import { LiveValue, SettableValue } from '../LiveValue';
import type { Extension } from './extension';
import { followSession } from './followSession';
import type { Command } from './commands';
import type { HandOver, LoginState, OpenLogin } from './LoginState';
import type { RememberedWays } from './rememberedWays';

/** How long to wait for the browser extension, which answers at once if it is installed. */
const PING_MS = 300;
/** The same where it is expected: the page may be busy, as it is while it loads. */
const LONG_PING_MS = 1_000;
/** After this time a tab that opens by itself would surprise: an extension that answers later is only offered. */
const BEGINS_WITHIN_MS = 3_000;
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
  /** An `address` may be a link on any site: then only the extension, which asks the person itself, gets the session without a click. */
  begunBy?: 'click' | 'address';
  /** Submits the session token to the helper at this address, in a new tab. */
  handOverToHelper(helperUrl: string, sessionToken: string): void;
  ways: Pick<
    RememberedWays,
    | 'extensionBegins'
    | 'lastWay'
    | 'provenHelper'
    | 'setExtensionBegins'
    | 'setLastWay'
    | 'setProvenHelper'
  >;
}

/** One login, from register to its end; the dialog shows its state. Only this object holds the session token. */
export class LoginFlow {
  private readonly current = new SettableValue<LoginState>({
    step: 'registering',
  });
  private readonly closing = new AbortController();
  private forgetQuiet = () => {};
  private forgetExtension = () => {};
  private isCancelled = false;
  private hasAnsweredLate = false;

  constructor(private readonly options: LoginFlowOptions) {}

  get state(): LiveValue<LoginState> {
    return this.current;
  }

  /** Begins the login and follows it to its end; never throws. */
  async start(cluster: string | undefined): Promise<void> {
    // Asked meanwhile: it answers before the backend does, so that the dialog does not show the other ways first.
    const answers = this.askExtension();
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
      extension: this.isExtensionExpected() ? 'expected' : 'asked',
      backend: 'answers',
    });
    await Promise.all([
      this.offerToExtension(answers),
      this.follow(session, endsAt),
    ]);
  }

  /** Hands the session to the browser extension, which then opens the login. */
  async handOverToExtension(): Promise<void> {
    const state = this.current.get();
    if (state.step !== 'open') {
      return;
    }
    const turn = new AbortController();
    this.go({ to: 'extension', quiet: false });
    this.forgetExtension = () => turn.abort();
    const { sessionToken } = state.session;
    const refusal = await this.options.extension.start(
      sessionToken,
      turn.signal,
    );
    if (refusal && !turn.signal.aborted) {
      this.forgetQuiet();
      this.update({ handOver: { to: 'none' }, refusal });
    }
  }

  /** Must run in the click's own task, since browsers open a tab only for a click. */
  handOverToHelper(helperUrl: string) {
    const state = this.current.get();
    if (state.step !== 'open') {
      return;
    }
    this.options.handOverToHelper(helperUrl, state.session.sessionToken);
    this.go({ to: 'helper', helperUrl, quiet: false });
  }

  /** The user has copied a command, and so goes on in a terminal. */
  commandCopied(kind: Command['kind']) {
    this.go({ to: 'command', kind });
  }

  /** The user looks at this page again: what works would have led them on. The extension may be there by now. */
  async userIsBack(): Promise<void> {
    const state = this.current.get();
    if (state.step !== 'open') {
      return;
    }
    this.setQuiet();
    if (isMissing(state) && (await this.options.extension.answers(PING_MS))) {
      this.update({ extension: 'there' });
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
    this.forgetWay();
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

  private askExtension(): Promise<boolean> {
    const { clock, extension } = this.options;
    const askedAt = clock.now();
    return extension.answers(
      this.isExtensionExpected() ? LONG_PING_MS : PING_MS,
      {
        signal: this.closing.signal,
        answered: () => {
          this.hasAnsweredLate = true;
          this.takeUpLate(clock.now() - askedAt);
        },
      },
    );
  }

  private async offerToExtension(answers: Promise<boolean>) {
    // Where the backend was slower still, it is not late.
    const isThere = (await answers) || this.hasAnsweredLate;
    this.update({ extension: isThere ? 'there' : this.whereNoExtension() });
    if (this.closing.signal.aborted || this.isHandedOver()) {
      return;
    }
    if (isThere && this.extensionBegins()) {
      await this.handOverToExtension();
    } else {
      this.handOverToProvenHelper();
    }
  }

  /** The dialog shows the other ways by now. One that was chosen goes on, and does not count as chosen rather than the extension. */
  private async takeUpLate(afterMs: number) {
    const state = this.current.get();
    if (state.step !== 'open' || !isMissing(state) || this.isHandedOver()) {
      return;
    }
    this.update({ extension: 'there' });
    if (afterMs <= BEGINS_WITHIN_MS && this.extensionBegins()) {
      await this.handOverToExtension();
    }
  }

  private extensionBegins(): boolean {
    const { begunBy, ways } = this.options;
    return begunBy === 'address' || ways.extensionBegins() === 'at-once';
  }

  /** The extension's own popup opens the address. */
  private isExtensionExpected(): boolean {
    const { begunBy, ways } = this.options;
    return begunBy === 'address' || ways.lastWay() === 'extension';
  }

  private whereNoExtension(): 'absent' | 'missed' {
    return this.options.ways.lastWay() === 'extension' ? 'missed' : 'absent';
  }

  /** The click that began the login is recent enough for browsers to open a tab. */
  private handOverToProvenHelper() {
    const { begunBy, ways } = this.options;
    const helperUrl = ways.provenHelper();
    if (helperUrl && begunBy !== 'address') {
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
    this.forgetWay();
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
    const { handOver, extension } = state;
    if (handOver.to === 'extension') {
      ways.setLastWay('extension');
      ways.setExtensionBegins('at-once');
    } else if (handOver.to === 'helper') {
      ways.setLastWay('helper');
      ways.setProvenHelper(handOver.helperUrl);
    } else if (handOver.to === 'command') {
      ways.setLastWay(handOver.kind);
    }
    const isOther = handOver.to === 'helper' || handOver.to === 'command';
    if (isOther && extension === 'there') {
      ways.setExtensionBegins('on-click');
    }
  }

  /** Goes another way than before. */
  private go(handOver: HandOver) {
    this.forgetWay();
    this.update({ handOver, refusal: undefined });
    this.forgetQuiet = this.options.clock.after(QUIET_AFTER_MS, () =>
      this.setQuiet(),
    );
  }

  private setQuiet() {
    const state = this.current.get();
    if (state.step === 'open' && 'quiet' in state.handOver) {
      this.update({ handOver: { ...state.handOver, quiet: true } });
    }
  }

  /** What the extension says later, or does not, counts no more. */
  private forgetWay() {
    this.forgetQuiet();
    this.forgetExtension();
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

/** Whether the extension has not answered in time. */
function isMissing({ extension }: OpenLogin): boolean {
  return extension === 'absent' || extension === 'missed';
}

/** Limits the remaining time, so that a wrong clock does not end a login that has just begun. */
function endOf(session: Session, now: number): number {
  const remaining = Date.parse(session.expiresAt) - now;
  return now + (remaining > 0 ? Math.min(remaining, SESSION_MS) : SESSION_MS);
}
