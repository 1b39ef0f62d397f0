import { settled } from '../__testUtils__/HeldClock';
import { handOverToHelper } from './handOverToHelper';

describe('handOverToHelper', () => {
  afterEach(() => jest.restoreAllMocks());

  it('posts the token in a new tab, with the origin of this page', async () => {
    const submitted: unknown[] = [];
    jest
      .spyOn(HTMLFormElement.prototype, 'submit')
      .mockImplementation(function submit(this: HTMLFormElement) {
        submitted.push({
          method: this.method,
          action: this.action,
          target: this.target,
          rel: this.getAttribute('rel'),
          fields: [...this.querySelectorAll('input')].map(each => [
            each.name,
            each.value,
          ]),
          isInPage: document.contains(this),
          referrer: document
            .querySelector('meta[name=referrer]')
            ?.getAttribute('content'),
        });
      });
    handOverToHelper(document, 'http://localhost:8888', 'the-token');
    expect(submitted).toEqual([
      {
        method: 'post',
        action: 'http://localhost:8888/start',
        target: '_blank',
        rel: 'noopener',
        fields: [['sessionToken', 'the-token']],
        isInPage: true,
        referrer: 'origin',
      },
    ]);
    await settled();
    expect(document.documentElement.outerHTML).not.toContain('the-token');
    expect(document.querySelector('meta[name=referrer]')).toBeNull();
  });
});
