import { Environment } from '../environment/environment.mjs';
import { step } from '../setup/steps.mjs';
import { WebKitBrowser } from './webkit-browser.mjs';

/**
 * A person in WebKit, in a real Backstage that has the policy of docs/backstage.md: they sign in, press the button and log in through the
 * helper.
 *
 * @param {string} logs a folder in the checkout
 * @returns {Promise<string>} figures
 */
export async function runInBackstage(logs) {
  const environment = await step('backstage', () => Environment.start(`${logs}/backstage`));
  // Backstage opens its own sign-in a moment after the click, for which people answer WebKit's question about pop-ups.
  const browser = await WebKitBrowser.start(['--javascript-can-open-windows-automatically=true']);
  try {
    await step('sign in', () => signIn(browser, environment.url));
    await step('log in', () => logIn(browser, environment.url));
    return 'a login in a whole Backstage with that policy';
  } finally {
    await browser.stop();
    await environment.stop();
  }
}

/** @param {WebKitBrowser} browser @param {string} url */
async function signIn(browser, url) {
  await browser.open(url);
  await browser.click(button('Sign In'));
  await browser.goToNewTab();
  await browser.logInAtIdp();
  await browser.goBack();
  await browser.waitFor('//a[@href="/settings"]');
}

/** @param {WebKitBrowser} browser @param {string} url */
async function logIn(browser, url) {
  await browser.open(`${url}/catalog/default/component/web`);
  await browser.click(button('Get K8s access'));
  // Folded where no login in this browser came through the helper yet.
  await browser.click(button('A helper is running? Use it'));
  await browser.click(button('Use the helper'));
  await browser.goToNewTab();
  await browser.waitFor('body[data-outcome=confirm]');
  await browser.click('#continue');
  await browser.logInAtIdp();
  await browser.waitFor('body[data-outcome=success]');
}

/** @param {string} name @returns {string} its XPath */
function button(name) {
  return `//button[contains(normalize-space(.), "${name}")]`;
}
