import { CookieJar } from 'tough-cookie';

/** @typedef {{url: URL, status: number, html: string}} Page */

/** More redirects than any sign-in needs. */
const MAX_REDIRECTS = 10;

/** The parts of a browser that a sign-in needs. */
export class CookieClient {
  #jar = new CookieJar();

  /**
   * @param {URL} url
   * @param {Record<string, string>} [form] posted when given
   * @returns {Promise<Page>} where the redirects ended
   */
  async open(url, form) {
    let target = url;
    let body = form && new URLSearchParams(form);
    for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
      const response = await this.#request(target, body);
      const location = response.headers.get('location');
      if (!location) {
        return { url: target, status: response.status, html: await response.text() };
      }
      target = new URL(location, target);
      body = undefined;
    }
    throw new Error(`More than ${MAX_REDIRECTS} redirects from ${url.origin}${url.pathname}; look at the servers' logs.`);
  }

  /**
   * @param {URL} url
   * @returns {Promise<string>} the Cookie header a request there would carry
   */
  cookie(url) {
    return this.#jar.getCookieString(url.href);
  }

  /**
   * @param {URL} url
   * @param {URLSearchParams | undefined} body
   */
  async #request(url, body) {
    const response = await fetch(url, {
      method: body ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { cookie: await this.cookie(url) },
      ...(body && { body }),
    });
    for (const line of response.headers.getSetCookie()) {
      // A cookie for another domain is dropped, as a browser would.
      await this.#jar.setCookie(line, url.href, { ignoreError: true });
    }
    return response;
  }
}
