import type { ClusterState } from '../messages';
import type { Portal } from '../portals';
import type { Key } from '../sentences';
import { displayable, sentence } from '../sentences';
import { address, button, element } from './dom';

/** What the popup shows of a portal. */
export interface ShownPortal {
  portal: Portal;
  /** Whether the browser lets the extension work there. */
  isPermitted: boolean;
  /** What its page said last. */
  seen?: { clusters: ClusterState[]; at: number };
}

/** What the popup shows. */
export interface PopupState {
  portals: ShownPortal[];
  /** Whether the list is an administrator's. */
  isManaged: boolean;
  isLoginUnderWay: boolean;
  now: number;
}

/** What its buttons do. */
export interface PopupActions {
  logIn(portal: Portal, cluster: string): void;
  open(portal: Portal): void;
  allow(portal: Portal): void;
  showOptions(): void;
}

/** Shows it. What has the focus keeps it, where it is still there. */
export function renderPopup(
  document: Document,
  state: PopupState,
  actions: PopupActions,
): void {
  const focused = document.activeElement?.id;
  document.documentElement.lang = sentence('language');
  const sections = state.portals.map((shown, index) =>
    section(document, shown, index, state.now, actions),
  );
  const content = sections.length ? sections : [none(document, state, actions)];
  fill(document, 'h1', sentence('popup_heading'));
  fill(document, 'main', ...content);
  const options = button(
    document,
    { id: 'options', class: 'button quiet small' },
    'popup_options',
    () => actions.showOptions(),
  );
  fill(
    document,
    'footer',
    element(document, 'span', {}, sentence('name')),
    options,
  );
  say(document, state.isLoginUnderWay ? 'popup_under_way' : undefined);
  if (focused) {
    // The user may have scrolled away from it, in a long list.
    document.getElementById(focused)?.focus({ preventScroll: true });
  }
}

/** Says it in the live region. A sentence that stands there already is not said again. */
export function say(document: Document, key?: Key): void {
  const text = key ? sentence(key) : '';
  const notice = document.getElementById('notice');
  if (notice && notice.textContent !== text) {
    notice.textContent = text;
  }
}

function fill(
  document: Document,
  selector: string,
  ...content: (Node | string)[]
): void {
  document.querySelector(selector)?.replaceChildren(...content);
}

function none(
  document: Document,
  state: PopupState,
  actions: PopupActions,
): HTMLElement {
  const { isManaged } = state;
  const heading = sentence('popup_none_heading');
  const body = sentence(isManaged ? 'popup_none_managed' : 'popup_none_body');
  const made = element(
    document,
    'section',
    {},
    element(document, 'h2', {}, heading),
    element(document, 'p', {}, body),
  );
  if (!isManaged) {
    made.append(
      button(document, { id: 'add' }, 'popup_add', () => actions.showOptions()),
    );
  }
  return made;
}

function section(
  document: Document,
  shown: ShownPortal,
  index: number,
  now: number,
  actions: PopupActions,
): HTMLElement {
  const { portal, isPermitted, seen } = shown;
  const id = `portal-${index}`;
  const appUrl = displayable(portal.appUrl);
  const made = element(
    document,
    'section',
    { 'aria-labelledby': id },
    element(
      document,
      'h2',
      { id },
      ...address(document, appUrl.replace(/^https:\/\//, '')),
    ),
  );
  if (!isPermitted) {
    const label = sentence('popup_allow_at', appUrl);
    made.append(
      element(document, 'p', {}, sentence('popup_permission')),
      button(
        document,
        { id: `allow-${index}`, 'aria-label': label },
        'popup_allow',
        () => actions.allow(portal),
      ),
    );
  } else if (seen) {
    made.append(
      ...clusters(document, portal, seen.clusters, now, actions),
      element(
        document,
        'p',
        { class: 'hint' },
        sentence('popup_seen', timeOf(document, seen.at)),
      ),
    );
  } else {
    made.append(
      element(document, 'p', {}, sentence('popup_unseen')),
      button(document, { id: `open-${index}` }, 'popup_open', () =>
        actions.open(portal),
      ),
    );
  }
  return made;
}

function clusters(
  document: Document,
  portal: Portal,
  known: ClusterState[],
  now: number,
  actions: PopupActions,
): HTMLElement[] {
  if (known.length === 0) {
    return [element(document, 'p', {}, sentence('popup_no_clusters'))];
  }
  const items = known.map(cluster => {
    const { name, connected } = cluster;
    const title = displayable(cluster.title);
    const action = connected ? 'popup_log_in_again' : 'popup_log_in';
    return element(
      document,
      'li',
      {},
      element(
        document,
        'span',
        { class: 'name' },
        title,
        element(
          document,
          'span',
          { class: connected ? 'state on' : 'state' },
          stateOf(document, cluster, now),
        ),
      ),
      button(
        document,
        {
          id: `log-in ${portal.appUrl} ${name}`,
          class: connected ? 'button quiet small' : 'button small',
          'aria-label': sentence('popup_log_in_to', sentence(action), title),
        },
        action,
        () => actions.logIn(portal, name),
      ),
    );
  });
  return [element(document, 'ul', { class: 'clusters' }, ...items)];
}

const REASONS: Record<string, Key> = {
  expired: 'reason_expired',
  refresh_failing: 'reason_refresh_failing',
  refresh_refused: 'reason_refresh_refused',
  refresh_lost: 'reason_refresh_lost',
  login_required: 'reason_login_required',
  identity_changed: 'reason_identity_changed',
  unreadable: 'reason_unreadable',
};

function stateOf(
  document: Document,
  cluster: ClusterState,
  now: number,
): string {
  const { connected, expiresAt, reason } = cluster;
  if (!connected) {
    return reason
      ? sentence('cluster_ended', sentence(REASONS[reason] ?? 'reason_other'))
      : sentence('cluster_not_connected');
  }
  const until = expiresAt ? Date.parse(expiresAt) : NaN;
  if (Number.isNaN(until)) {
    return sentence('cluster_connected');
  }
  return until <= now
    ? sentence('cluster_connected_later')
    : sentence('cluster_connected_until', timeOf(document, until));
}

function timeOf(document: Document, time: number): string {
  return new Date(time).toLocaleString(document.documentElement.lang, {
    dateStyle: 'medium',
    timeStyle: 'short',
  });
}
