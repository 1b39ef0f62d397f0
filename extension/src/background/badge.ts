import { browser } from '../browser';
import { allLogins, isUnderWay } from '../login/login';

/** Shows on the toolbar how many logins are under way. */
export async function showBadge(): Promise<void> {
  const { length } = (await allLogins()).filter(isUnderWay);
  await browser.action.setBadgeText({ text: length > 0 ? String(length) : '' });
}
