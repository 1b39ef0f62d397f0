import { PASSWORD } from '../idp/accounts.mjs';
import { ask, podsIn } from '../portal/kubernetes-view.mjs';
import { CLUSTER, FOREIGN_NAMESPACE, OWN_NAMESPACE } from '../portal/portal.mjs';
import { duration, step } from '../setup/steps.mjs';
import { DrivenBrowser } from './driven-browser.mjs';
import { Program } from './program.mjs';

/**
 * Logs in with a headless browser, and says how long each step of the path took.
 *
 * @param {import('./parts.mjs').Parts} parts
 * @param {(figures: string) => void} done called once the pods are there
 */
export async function logInByBrowser(parts, done) {
  const [backend, browser] = await step('start', () => Promise.all([parts.start(), startBrowser(parts)]));
  const began = performance.now();
  const helper = parts.add(new Program('helper', ['login', '--backend', backend, '--no-browser']));
  await step('register', () => helper.line(/\/go\//));
  await step('authorize', async () => {
    await browser.act({ op: 'open', url: await link(helper) });
    await browser.act({ op: 'waitFor', selector: 'input[name=login]' });
  });
  const landed = browser.act({ op: 'loginAtIdp', login: 'felix', password: PASSWORD });
  await step('callback', () => Promise.all([landed, helper.line(/^The login came back/)]));
  await step('exchange', () => connected(browser, helper));
  await step('keep', () => kept(backend));
  const pods = await step('use', () => usable(backend));
  done(`6 steps in ${duration(performance.now() - began)}, ${pods} pods of felix, none of mara`);
}

/** @param {import('./parts.mjs').Parts} parts */
async function startBrowser(parts) {
  return parts.add(await DrivenBrowser.start());
}

/** @param {Program} helper */
async function link(helper) {
  const [found] = /http:\/\/localhost:\d+\/go\/\S+/.exec(await helper.line(/\/go\//)) ?? [''];
  return found;
}

/**
 * @param {DrivenBrowser} browser
 * @param {Program} helper
 */
async function connected(browser, helper) {
  await browser.act({ op: 'waitFor', selector: 'body:not([data-outcome=backend-away]) > main > h1' });
  const { value } = await browser.act({ op: 'evaluate', expression: 'document.body.innerText.replaceAll(/\\s+/g, " ")' });
  const code = await helper.exit();
  if (code !== 0) {
    throw new Error(`the helper ended with ${code} and shows: ${value}`);
  }
}

/** @param {string} backend */
export async function kept(backend) {
  const { body } = await ask(backend, '/status');
  const [cluster] = /** @type {{connected: boolean, subject?: string}[]} */ (body['clusters'] ?? []);
  if (cluster?.connected !== true || cluster.subject !== 'auth0|felix') {
    throw new Error('the backend does not say that felix is connected');
  }
}

/**
 * @param {string} backend
 * @returns {Promise<number>} how many pods felix has
 */
export async function usable(backend) {
  const own = await podsIn(backend, CLUSTER, OWN_NAMESPACE);
  if (!('pods' in own) || own.pods.rows.length === 0) {
    throw new Error(`felix's pods are not there (${'refusal' in own ? own.refusal : 'the list is empty'})`);
  }
  const foreign = await podsIn(backend, CLUSTER, FOREIGN_NAMESPACE);
  if (!('refusal' in foreign) || !foreign.refusal.startsWith('403')) {
    throw new Error(`mara's pods are not forbidden (${'refusal' in foreign ? foreign.refusal : 'they are listed'})`);
  }
  return own.pods.rows.length;
}
