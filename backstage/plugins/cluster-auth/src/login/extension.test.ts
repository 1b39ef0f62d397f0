import { HeldClock, settled } from '../__testUtils__/HeldClock';
import { PageExtension } from './extension';

const PONG = { source: 'cluster-auth-extension', type: 'pong', id: 'id-1' };

function page() {
  const clock = new HeldClock();
  let ids = 0;
  const said = jest.spyOn(window, 'postMessage').mockImplementation(() => {});
  const extension = new PageExtension({
    page: window,
    clock,
    randomId: () => `id-${++ids}`,
  });
  return { clock, said, extension };
}

function hear(data: unknown, from: Partial<MessageEventInit> = {}) {
  const { origin } = window.location;
  window.dispatchEvent(
    new MessageEvent('message', { data, origin, source: window, ...from }),
  );
}

describe('PageExtension', () => {
  afterEach(() => jest.restoreAllMocks());

  it('is there when it answers the ping', async () => {
    const { extension, said, clock } = page();
    const there = extension.answers(300);
    expect(said).toHaveBeenCalledWith(
      { source: 'cluster-auth-page', type: 'ping', id: 'id-1' },
      window.location.origin,
    );
    hear(PONG);
    expect(await there).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('is not there when nothing answers for a moment', async () => {
    const { extension, clock } = page();
    const there = extension.answers(300);
    await clock.pass(300);
    expect(await there).toBe(false);
  });

  it('is told of once when it answers late, and not after the end', async () => {
    const { extension, clock } = page();
    const closing = new AbortController();
    const answered = jest.fn();
    const there = extension.answers(300, { signal: closing.signal, answered });
    await clock.pass(300);
    expect(await there).toBe(false);
    expect(answered).not.toHaveBeenCalled();
    hear(PONG);
    hear(PONG);
    await settled();
    expect(answered).toHaveBeenCalledTimes(1);

    const again = extension.answers(300, { signal: closing.signal, answered });
    await clock.pass(300);
    expect(await again).toBe(false);
    closing.abort();
    hear({ ...PONG, id: 'id-2' });
    await settled();
    expect(answered).toHaveBeenCalledTimes(1);
  });

  it('is not told of as late when it answers in time', async () => {
    const { extension, clock } = page();
    const { signal } = new AbortController();
    const answered = jest.fn();
    const there = extension.answers(300, { signal, answered });
    hear(PONG);
    expect(await there).toBe(true);
    await clock.pass(1_000);
    expect(answered).not.toHaveBeenCalled();
    expect(clock.pending).toBe(0);
  });

  it.each([
    ['of another origin', PONG, { origin: 'https://evil.example' }],
    ['of another window', PONG, { source: null }],
    ['of another source', { ...PONG, source: 'cluster-auth-page' }, {}],
    ['with another id', { ...PONG, id: 'id-2' }, {}],
    ['of another type', { ...PONG, type: 'result' }, {}],
    ['that are no objects', 'pong', {}],
    ['that are null', null, {}],
  ])('does not listen to messages %s', async (_, data, from) => {
    const { extension, clock } = page();
    const there = extension.answers(300);
    hear(data, from);
    await clock.pass(300);
    expect(await there).toBe(false);
  });

  it('gets the session token, and nothing else', async () => {
    const { extension, said } = page();
    const result = extension.start('token', new AbortController().signal);
    expect(said).toHaveBeenCalledWith(
      {
        source: 'cluster-auth-page',
        type: 'start',
        id: 'id-1',
        sessionToken: 'token',
      },
      window.location.origin,
    );
    hear({ ...PONG, type: 'result', ok: true });
    expect(await result).toBeUndefined();
  });

  it('says why it did not log in', async () => {
    const { extension } = page();
    const result = extension.start('token', new AbortController().signal);
    const why = { code: 'not_allowed', message: 'Not on this page.' };
    hear({ ...PONG, type: 'result', ok: false, ...why });
    expect(await result).toEqual(why);
  });

  it.each(['permission_missing', 'something_new', undefined, 7])(
    'has a sentence of ours where the extension has none: %s',
    async code => {
      const { extension } = page();
      const result = extension.start('token', new AbortController().signal);
      // A sentence that is no text would break the dialog.
      hear({ ...PONG, type: 'result', ok: false, code, message: { a: 1 } });
      expect(await result).toEqual({
        code: typeof code === 'string' ? code : undefined,
        message: expect.stringMatching(
          /^[A-Z].*or use another way\.$|^[A-Z].*: use another way\.$/,
        ),
      });
    },
  );

  it('is no longer listened to once the dialog is closed', async () => {
    const { extension } = page();
    const closing = new AbortController();
    const result = extension.start('token', closing.signal);
    closing.abort();
    await settled();
    hear({ ...PONG, type: 'result', ok: false });
    expect(await result).toBeUndefined();
  });
});
