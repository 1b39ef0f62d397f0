import type { Portal } from '../../portals';
import type { Key } from '../../sentences';
import { displayable, sentence } from '../../sentences';
import { address, button, element, list } from '../dom';

/** What the options page shows of a portal. */
export interface ListedPortal {
  portal: Portal;
  isPermitted: boolean;
}

/** What the buttons of a portal do. */
export interface ListActions {
  allow(portal: Portal): void;
  check(portal: Portal): void;
  remove(portal: Portal): void;
}

/** The portals, each with its buttons. One that is managed cannot be removed. */
export function portalsList(
  document: Document,
  portals: ListedPortal[],
  isManaged: boolean,
  actions: ListActions,
): HTMLElement {
  if (portals.length === 0) {
    const key = isManaged ? 'popup_none_managed' : 'options_none';
    return element(document, 'p', {}, sentence(key));
  }
  const items = portals.map(({ portal, isPermitted }, index) =>
    element(
      document,
      'li',
      { 'data-portal': portal.appUrl },
      element(
        document,
        'h2',
        {},
        ...address(document, displayable(portal.appUrl)),
      ),
      facts(document, portal, isPermitted),
      buttons(document, portal, index, { isPermitted, isManaged }, actions),
    ),
  );
  return element(document, 'ul', { class: 'portals' }, ...items);
}

function facts(
  document: Document,
  portal: Portal,
  isPermitted: boolean,
): HTMLElement {
  const { backendUrl, providers } = portal;
  const none = sentence('options_no_provider');
  const addresses = providers
    ? displayable(providers.join(', ')) || none
    : sentence('options_any_provider');
  const permission = isPermitted
    ? 'options_permission_given'
    : 'options_permission_missing';
  const rows: Parameters<typeof list>[1] = [
    ['options_providers', '', address(document, addresses)],
    ['options_permission', '', [sentence(permission)]],
  ];
  if (backendUrl) {
    rows.unshift([
      'options_backend',
      '',
      address(document, displayable(backendUrl)),
    ]);
  }
  return list(document, rows);
}

function buttons(
  document: Document,
  portal: Portal,
  index: number,
  { isPermitted, isManaged }: { isPermitted: boolean; isManaged: boolean },
  actions: ListActions,
): HTMLElement {
  const row = element(document, 'div', { class: 'buttons' });
  const add = (
    name: 'allow' | 'check' | 'remove',
    label: Key,
    style: string,
  ) => {
    const spoken = sentence(
      'options_button_of',
      sentence(label),
      displayable(portal.appUrl),
    );
    const attributes = {
      id: `${name}-${index}`,
      class: style,
      'aria-label': spoken,
    };
    row.append(
      button(document, attributes, label, () => actions[name](portal)),
    );
  };
  if (isPermitted) {
    add('check', 'options_check', 'button quiet small');
  } else {
    add('allow', 'popup_allow', 'button small');
  }
  if (!isManaged) {
    add('remove', 'options_remove', 'button quiet small');
  }
  return row;
}
