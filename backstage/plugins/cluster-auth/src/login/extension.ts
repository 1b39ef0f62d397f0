import type { Problem } from '../api/Problem';
import type { Clock } from '../clock';
import { extensionSentence } from './extensionRefusals';

/** The browser extension, as the page sees it. */
export interface Extension {
  /** Whether it is installed and answers in time; `late` hears of an answer after that. */
  answers(withinMs: number, late?: Late): Promise<boolean>;
  /** Hands the session over; resolves with the reason if the extension did not finish the login, which may be never. */
  start(
    sessionToken: string,
    signal: AbortSignal,
  ): Promise<Problem | undefined>;
}

/** What hears of an answer that comes too late: the browser may have to start the extension first. */
export interface Late {
  /** Ends it. */
  signal: AbortSignal;
  answered(): void;
}

/** A message of the extension (protocol: "Page and extension"); what it says may be anything. */
interface ExtensionMessage {
  source: 'cluster-auth-extension';
  type: 'pong' | 'result';
  id: string;
  ok?: unknown;
  code?: unknown;
  message?: unknown;
}

/** The part of the window that is needed for messages. */
export interface PageOptions {
  page: Window;
  clock: Clock;
  randomId(): string;
}

/**
 * The extension that listens to this page.
 *
 * A script in this page could answer in its place, and would get a session token. It gains nothing: it acts as the user anyway, and so
 * can ask the backend for a session token itself. The other way round, what is said here is no more than a sentence to show: that a login
 * succeeded is what the backend says.
 */
export class PageExtension implements Extension {
  constructor(private readonly options: PageOptions) {}

  async answers(withinMs: number, late?: Late): Promise<boolean> {
    // The extension listens in the top frame only.
    const { page, clock } = this.options;
    if (page.top !== page) {
      return false;
    }
    const tooLate = new AbortController();
    const forget = clock.after(withinMs, () => tooLate.abort());
    const pong = this.ask(
      'pong',
      { type: 'ping' },
      late?.signal ?? tooLate.signal,
    );
    const first = await Promise.race([pong, aborted(tooLate.signal)]);
    forget();
    if (late && tooLate.signal.aborted && !first) {
      pong.then(answer => answer && late.answered());
    }
    return first !== undefined;
  }

  async start(
    sessionToken: string,
    signal: AbortSignal,
  ): Promise<Problem | undefined> {
    const question = { type: 'start' as const, sessionToken };
    const result = await this.ask('result', question, signal);
    return result && result.ok !== true ? refusalIn(result) : undefined;
  }

  private ask(
    type: ExtensionMessage['type'],
    question: { type: 'ping' } | { type: 'start'; sessionToken: string },
    signal: AbortSignal,
  ): Promise<ExtensionMessage | undefined> {
    const { page } = this.options;
    const id = this.options.randomId();
    return new Promise(resolve => {
      function end(answer?: ExtensionMessage) {
        page.removeEventListener('message', listen);
        signal.removeEventListener('abort', giveUp);
        resolve(answer);
      }
      function giveUp() {
        end();
      }
      function listen({ source, origin, data }: MessageEvent) {
        const isOurs = source === page && origin === page.location.origin;
        if (isOurs && isAnswer(data) && data.type === type && data.id === id) {
          end(data);
        }
      }
      page.addEventListener('message', listen);
      signal.addEventListener('abort', giveUp);
      page.postMessage(
        { source: 'cluster-auth-page', id, ...question },
        page.location.origin,
      );
    });
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise(resolve => {
    signal.addEventListener('abort', () => resolve(undefined));
  });
}

/** Its own sentence, or ours where it has none. */
function refusalIn({ code, message }: ExtensionMessage): Problem {
  const known = typeof code === 'string' ? code : undefined;
  return {
    code: known,
    message:
      typeof message === 'string' && message !== ''
        ? message
        : extensionSentence(known),
  };
}

function isAnswer(data: unknown): data is ExtensionMessage {
  return (
    typeof data === 'object' &&
    data !== null &&
    'source' in data &&
    data.source === 'cluster-auth-extension' &&
    'type' in data &&
    'id' in data
  );
}
