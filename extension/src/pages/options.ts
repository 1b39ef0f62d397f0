import { browser } from '../browser';
import { forgetConfirmed, forgetConfirmedAt } from '../login/confirmed';
import { originsOf, permitted } from '../login/permissions';
import type { Portal } from '../portals';
import { backendOf, configuredPortals, savePortals } from '../portals';
import { sentence } from '../sentences';
import { renderOptions } from './options-view';
import { find, findAbove } from './options/found';

/** The portals as they were shown last. */
let listed: Portal[] = [];

const page = renderOptions(document, {
  add,
  allow,
  check,
  remove,
  forget: async () => {
    await forgetConfirmed();
    page.sayForgotten();
  },
});

/** The browser asks only while it handles the click, so nothing is awaited before. */
function request(portal: Portal): Promise<boolean> {
  const answer = browser.permissions.request({ origins: originsOf(portal) });
  // It throws for an origin that the manifest does not offer.
  return answer.catch(() => false);
}

async function add(entered: Portal): Promise<void> {
  // Known without a question of the browser's, where it can be.
  if (isAmong(listed, entered)) {
    page.form.say(sentence('options_known'), 'bad');
    return;
  }
  if (!(await request(entered))) {
    page.form.say(sentence('options_not_allowed'), 'bad');
    return;
  }
  page.form.say(sentence('options_asking', backendOf(entered)));
  const { isGood, text, portal } = await findAbove(entered, fetch);
  const { portals } = await configuredPortals();
  const isKnown = isAmong(portals, portal);
  if (!isGood || isKnown) {
    await giveBack(portal, portals);
    page.form.say(isKnown ? sentence('options_known') : text, 'bad');
    return;
  }
  await savePortals([...portals, portal]);
  page.form.clear();
  page.form.say(sentence('options_added', text));
}

function isAmong(portals: Portal[], { appUrl }: Portal): boolean {
  return portals.some(known => known.appUrl === appUrl);
}

async function allow(portal: Portal): Promise<void> {
  if (await request(portal)) {
    await showPortals();
    page.say(sentence('options_allowed', portal.appUrl));
  } else {
    page.say(sentence('options_still_not_allowed'), 'bad');
  }
}

async function check(portal: Portal): Promise<void> {
  page.say(sentence('options_asking', backendOf(portal)));
  const { isGood, text } = await find(portal, fetch);
  page.say(text, isGood ? undefined : 'bad');
}

async function remove({ appUrl }: Portal): Promise<void> {
  const { portals } = await configuredPortals();
  const gone = portals.filter(portal => portal.appUrl === appUrl);
  const left = portals.filter(portal => portal.appUrl !== appUrl);
  await savePortals(left);
  for (const portal of gone) {
    await giveBack(portal, left);
    await forgetConfirmedAt(portal);
  }
  page.say(sentence('options_removed', appUrl));
}

/** Gives back the permissions for a portal that no other portal needs. */
async function giveBack(portal: Portal, left: Portal[]): Promise<void> {
  const needed = new Set(left.flatMap(originsOf));
  const { host_permissions: required = [] } = browser.runtime.getManifest();
  const origins = originsOf(portal).filter(
    origin => !needed.has(origin) && !required.includes(origin),
  );
  for (const origin of origins) {
    // One that the manifest covers with a wider pattern cannot be given back.
    await browser.permissions.remove({ origins: [origin] }).catch(() => false);
  }
}

async function showPortals(): Promise<void> {
  const { portals, managed } = await configuredPortals();
  const shown = portals.map(async portal => ({
    portal,
    isPermitted: await permitted(portal),
  }));
  page.showPortals(await Promise.all(shown), managed);
  listed = portals;
}

browser.storage.onChanged.addListener(showPortals);
browser.permissions.onAdded.addListener(showPortals);
browser.permissions.onRemoved.addListener(showPortals);
showPortals();
