import type { Problem } from '../api/Problem';
import type { Clock } from '../clock';

/** How long to wait for the browser extension, which answers at once if it is installed. */
const PING_MS = 300;

/** The browser extension, as the page sees it. */
export interface Extension {
  /** Whether it is installed. */
  answers(): Promise<boolean>;
  /** Hands the session over; resolves with the reason if the extension did not finish the login. */
  start(
    sessionToken: string,
    signal: AbortSignal,
  ): Promise<Problem | undefined>;
}

/** A message of the extension (protocol: "Page and extension"). */
interface ExtensionMessage {
  source: 'cluster-auth-extension';
  type: 'pong' | 'result';
  id: string;
  ok?: boolean;
  code?: string;
  message?: string;
}

/** The part of the window that is needed for messages. */
export interface PageOptions {
  page: Window;
  clock: Clock;
  randomId(): string;
}

/** The extension that listens to this page. */
export class PageExtension implements Extension {
  constructor(private readonly options: PageOptions) {}

  async answers(): Promise<boolean> {
    // The extension listens in the top frame only.
    const { page, clock } = this.options;
    if (page.top !== page) {
      return false;
    }
    const tooLate = new AbortController();
    const forget = clock.after(PING_MS, () => tooLate.abort());
    const pong = await this.ask('pong', { type: 'ping' }, tooLate.signal);
    forget();
    return pong !== undefined;
  }

  async start(
    sessionToken: string,
    signal: AbortSignal,
  ): Promise<Problem | undefined> {
    const question = { type: 'start' as const, sessionToken };
    const result = await this.ask('result', question, signal);
    if (!result || result.ok) {
      return undefined;
    }
    const { code, message } = result;
    return {
      code,
      message:
        message ??
        'The browser extension could not log in: use the helper instead.',
    };
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
