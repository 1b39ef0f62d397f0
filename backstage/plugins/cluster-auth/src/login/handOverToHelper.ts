/**
 * Posts the session token to the helper, in a new tab that knows nothing of this one. The page never fetches from loopback: a
 * navigation needs no permission of the browser's.
 */
export function handOverToHelper(
  page: Document,
  helperUrl: string,
  sessionToken: string,
) {
  // Backstage says no-referrer, which makes Origin null: this makes up for it while the form is submitted.
  const referrer = page.createElement('meta');
  referrer.name = 'referrer';
  referrer.content = 'origin';

  const form = page.createElement('form');
  form.method = 'post';
  form.action = new URL('/start', helperUrl).href;
  form.target = '_blank';
  form.setAttribute('rel', 'noopener');

  const field = page.createElement('input');
  field.type = 'hidden';
  field.name = 'sessionToken';
  field.value = sessionToken;

  form.append(field);
  page.head.append(referrer);
  page.body.append(form);
  form.submit();
  form.remove();
  setTimeout(() => referrer.remove());
}
