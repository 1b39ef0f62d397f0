// Backstage's pages are sent with `Referrer-Policy: no-referrer`, which makes the form's Origin null: the meta element overrides that
// while the form is submitted.
function submit(helperUrl, sessionToken) {
  const form = document.createElement('form');
  form.method = 'post';
  form.action = `${helperUrl}/start`;
  const field = document.createElement('input');
  field.type = 'hidden';
  field.name = 'sessionToken';
  field.value = sessionToken;
  form.append(field);
  document.body.append(form);
  form.submit();
}

globalThis.handOverUnprepared = submit;

globalThis.handOver = (helperUrl, sessionToken) => {
  const meta = document.createElement('meta');
  meta.name = 'referrer';
  meta.content = 'origin';
  document.head.append(meta);
  submit(helperUrl, sessionToken);
  setTimeout(() => meta.remove());
};
