import { PASSWORD } from '../idp/accounts.mjs';

/**
 * Logs felix in at the identity provider that the browser is at, or comes to, and waits for the helper's page that says so.
 *
 * @param {import('../demo/driven-browser.mjs').DrivenBrowser} browser
 */
export async function logInAtIdp(browser) {
  await browser.act({ op: 'waitFor', selector: 'input[name=login]' });
  await browser.act({ op: 'loginAtIdp', login: 'felix', password: PASSWORD });
  await browser.act({ op: 'waitFor', selector: 'body[data-outcome=success]' });
}
