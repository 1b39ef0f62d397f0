import type { Portal } from '../../portals';
import { isOutOfReach, readPortal } from '../../portals';
import type { Key } from '../../sentences';
import { displayable, sentence } from '../../sentences';
import { element } from '../dom';

/** What was entered, or what is wrong with it: the sentence, and the field that it is about. */
export type Entered =
  | { portal: Portal }
  | { problem: string; field: 'address' | 'backend' | 'providers' };

/** Checks what was entered, one field after the other, so that the sentence can name the one that is wrong. */
export function readEntered(
  address: string,
  backend: string,
  providers: string,
): Entered {
  const appUrl = pageAddress(address.trim());
  if (!readPortal({ appUrl })) {
    const problem = problemWith(appUrl, sentence('options_bad_address'));
    return { problem, field: 'address' };
  }
  const backendUrl = backend.trim() || undefined;
  if (!readPortal({ appUrl, backendUrl })) {
    const bad = sentence('options_bad_backend');
    return { problem: problemWith(backendUrl ?? '', bad), field: 'backend' };
  }
  const lines = providers.split(/\s+/).filter(line => line !== '');
  const bad = lines.find(line => !readPortal({ appUrl, providers: [line] }));
  const portal = readPortal({
    appUrl,
    backendUrl,
    providers: lines.length ? lines : undefined,
  });
  if (bad !== undefined || !portal) {
    const shown = displayable(bad ?? '');
    const text = sentence('options_bad_provider', shown);
    return { problem: problemWith(bad ?? '', text), field: 'providers' };
  }
  return { portal };
}

function problemWith(entered: string, otherwise: string): string {
  return isOutOfReach(entered)
    ? sentence('options_out_of_reach', displayable(entered))
    : otherwise;
}

/** What people type or copy from the browser: the scheme may be missing, as browsers hide it, and a page may have a query. */
function pageAddress(typed: string): string {
  const [text = ''] = typed.split(/[?#]/, 1);
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(text)) {
    return text;
  }
  const isHere = /^(localhost|127\.0\.0\.1)(?![^:/])/i.test(text);
  return `${isHere ? 'http' : 'https'}://${text}`;
}

/** The form, and what its owner may do with it. */
export interface PortalForm {
  form: HTMLFormElement;
  /** Empties it for the next one. */
  clear(): void;
  /** Says it below the form. */
  say(text: string, tone?: 'bad'): void;
}

/** The form that adds a portal. `add` is called during the event, so that it may ask for permissions. */
export function portalForm(
  document: Document,
  add: (portal: Portal) => void,
): PortalForm {
  const address = field(document, 'address', 'input', {
    label: 'options_address',
    hint: 'options_address_hint',
  });
  const backend = field(document, 'backend', 'input', {
    label: 'options_backend_label',
    hint: 'options_backend_hint',
  });
  const providers = field(document, 'providers', 'textarea', {
    label: 'options_providers_label',
    hint: 'options_providers_hint',
  });
  const fields = { address, backend, providers };
  address.input.setAttribute('required', '');
  const said = element(document, 'p', { id: 'form-said', role: 'status' });
  const form = formOf(document, fields, said);

  const say = (text: string, tone?: 'bad') => {
    said.className = tone ? 'said bad' : 'said';
    said.textContent = text;
  };
  form.addEventListener('submit', event => {
    event.preventDefault();
    const entered = readEntered(
      address.input.value,
      backend.input.value,
      providers.input.value,
    );
    for (const { input } of Object.values(fields)) {
      input.removeAttribute('aria-invalid');
    }
    if ('portal' in entered) {
      add(entered.portal);
      return;
    }
    const { input } = fields[entered.field];
    say(entered.problem, 'bad');
    input.closest('details')?.setAttribute('open', '');
    input.setAttribute('aria-invalid', 'true');
    input.focus();
  });
  return { form, say, clear: () => form.reset() };
}

interface Field {
  input: HTMLInputElement | HTMLTextAreaElement;
  elements: HTMLElement[];
}

function formOf(
  document: Document,
  {
    address,
    backend,
    providers,
  }: Record<'address' | 'backend' | 'providers', Field>,
  said: HTMLElement,
): HTMLFormElement {
  const more = element(
    document,
    'details',
    {},
    element(document, 'summary', {}, sentence('options_more')),
    ...backend.elements,
    ...providers.elements,
  );
  const submit = element(
    document,
    'button',
    { id: 'add', type: 'submit', class: 'button' },
    sentence('options_add'),
  );
  // The browser's own check would hide the sentence that says what an address looks like.
  return element(
    document,
    'form',
    { novalidate: '' },
    ...address.elements,
    more,
    submit,
    said,
  );
}

function field(
  document: Document,
  id: string,
  name: 'input' | 'textarea',
  words: { label: Key; hint: Key },
): Field {
  const hint = `${id}-hint`;
  const input = element(document, name, {
    id,
    'aria-describedby': `${hint} form-said`,
    autocomplete: 'off',
    spellcheck: 'false',
    ...(name === 'input' ? { type: 'url', inputmode: 'url' } : { rows: '3' }),
  });
  return {
    input,
    elements: [
      element(document, 'label', { for: id }, sentence(words.label)),
      element(document, 'p', { id: hint, class: 'hint' }, sentence(words.hint)),
      input,
    ],
  };
}
