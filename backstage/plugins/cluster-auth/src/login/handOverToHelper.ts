/**
 * Posts the session token to the helper in a new tab without an opener. The page never fetches from loopback, which would need the
 * browser's permission; a navigation does not.
 */
export function handOverToHelper(
  page: Document,
  helperUrl: string,
  sessionToken: string,
) {
  // Backstage sets no-referrer, which makes Origin null: this overrides it while the form is submitted.
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
