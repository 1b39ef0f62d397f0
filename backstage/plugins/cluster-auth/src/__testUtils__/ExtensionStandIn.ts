import type { Problem } from '../api/Problem';
import type { Extension, Late } from '../login/extension';

/** A fake browser extension. It is silent about a login until the test lets it speak. */
export class ExtensionStandIn implements Extension {
  /** The session tokens that it got. */
  readonly started: string[] = [];
  /** How long it was waited for, for each question. */
  readonly asked: number[] = [];
  /** Answers the last question, which was given up. */
  answerLate = () => {};
  private speak: (refusal?: Problem) => void = () => {};

  constructor(public isThere: boolean | Promise<boolean> = true) {}

  async answers(withinMs: number, late?: Late): Promise<boolean> {
    this.asked.push(withinMs);
    this.answerLate = () => late?.answered();
    return this.isThere;
  }

  start(
    sessionToken: string,
    signal: AbortSignal,
  ): Promise<Problem | undefined> {
    this.started.push(sessionToken);
    return new Promise(resolve => {
      this.speak = resolve;
      signal.addEventListener('abort', () => resolve(undefined));
    });
  }

  refuse(code: string) {
    this.speak({ code, message: `A sentence: ${code}.` });
  }

  /** Says that the login succeeded; what counts is the backend's word. */
  succeed() {
    this.speak();
  }
}
