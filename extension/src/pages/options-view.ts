import { sentence } from '../sentences';
import { button, element } from './dom';
import type { PortalForm } from './options/form';
import { portalForm } from './options/form';
import type { ListActions, ListedPortal } from './options/list';
import { portalsList } from './options/list';
import type { Portal } from '../portals';

/** What the buttons of the options page do. */
export interface OptionsActions extends ListActions {
  add(portal: Portal): void;
  forget(): void;
}

/** The page, and what its owner may do with it. */
export interface OptionsPage {
  form: PortalForm;
  /** Shows the portals anew; what has the focus keeps it, where it is still there. */
  showPortals(portals: ListedPortal[], isManaged: boolean): void;
  /** Says it below the list of portals. */
  say(text: string, tone?: 'bad'): void;
  /** Says it below "forget". */
  sayForgotten(): void;
}

/** Makes the page once. Its parts change in place, so that what is being typed stays. */
export function renderOptions(
  document: Document,
  actions: OptionsActions,
): OptionsPage {
  const heading = sentence('options_heading');
  document.documentElement.lang = sentence('language');
  document.title = sentence('page_title', heading);
  const portals = element(document, 'div', { id: 'portals' });
  const said = element(document, 'p', { id: 'said', role: 'status' });
  const lead = element(document, 'p', {});
  const form = portalForm(document, actions.add);
  const adding = section(document, 'options_add_heading', form.form);
  const [confirmed, forgotten] = confirmedAccounts(document, actions.forget);
  const title = element(document, 'h1', { tabindex: '-1' }, heading);
  document
    .querySelector('main')
    ?.replaceChildren(title, lead, portals, said, adding, confirmed);
  document.querySelector('footer')?.replaceChildren(sentence('page_footer'));
  return {
    form,
    showPortals: (list, isManaged) => {
      const focused = document.activeElement;
      lead.textContent = sentence(
        isManaged ? 'options_managed' : 'options_body',
      );
      portals.replaceChildren(portalsList(document, list, isManaged, actions));
      adding.hidden = isManaged;
      if (focused && focused !== document.body && !focused.isConnected) {
        (document.getElementById(focused.id) ?? title).focus();
      }
    },
    say: (text, tone) => {
      said.className = tone ? 'said bad' : 'said';
      said.textContent = text;
    },
    sayForgotten: () => {
      forgotten.textContent = sentence('options_forgotten');
    },
  };
}

function confirmedAccounts(
  document: Document,
  forget: () => void,
): [section: HTMLElement, said: HTMLElement] {
  const said = element(document, 'p', {
    id: 'forgotten',
    class: 'said',
    role: 'status',
  });
  const made = section(
    document,
    'options_confirmed_heading',
    element(document, 'p', {}, sentence('options_confirmed_body')),
    button(
      document,
      { id: 'forget', class: 'button quiet' },
      'options_forget',
      forget,
    ),
    said,
  );
  return [made, said];
}

function section(
  document: Document,
  heading: 'options_add_heading' | 'options_confirmed_heading',
  ...content: Node[]
): HTMLElement {
  return element(
    document,
    'section',
    { 'aria-labelledby': heading },
    element(document, 'h2', { id: heading }, sentence(heading)),
    ...content,
  );
}
