/** What the page said to the extension. */
export interface Said {
  type: 'ping' | 'start' | 'state';
  id: string;
  sessionToken?: string;
  clusters?: unknown;
}

/** A fake browser extension that answers this page's pings; jsdom's own messages have no source. */
export function extensionInPage() {
  const said: Said[] = [];
  const { origin } = window.location;
  const answer = (data: object) =>
    window.dispatchEvent(
      new MessageEvent('message', {
        data: { source: 'cluster-auth-extension', ...data },
        origin,
        source: window,
      }),
    );
  jest.spyOn(window, 'postMessage').mockImplementation((message: Said) => {
    said.push(message);
    if (message.type === 'ping') {
      const { id } = message;
      queueMicrotask(() => answer({ type: 'pong', id, version: '0.1.0' }));
    }
  });
  /** The answer to the last login that it was given. */
  const result = (given: { ok: boolean; code?: string; message?: string }) =>
    answer({
      type: 'result',
      id: said.filter(({ type }) => type === 'start').at(-1)?.id,
      ...given,
    });
  return { said, result };
}
