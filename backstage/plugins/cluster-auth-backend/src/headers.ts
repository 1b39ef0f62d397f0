import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

/** The headers of one connection only (RFC 9110, 7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Without the headers of this connection and those that its `Connection` names. */
function endToEnd(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const named = new Set(
    (headers.connection ?? '')
      .split(',')
      .map(name => name.trim().toLocaleLowerCase('en-US')),
  );
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !HOP_BY_HOP.has(name) && !named.has(name),
    ),
  );
}

/** The request headers that are forwarded. Backstage's cookies are not: the cluster-auth backend does not need them. */
export function forwardedRequestHeaders(
  headers: IncomingHttpHeaders,
  {
    host,
    addresses,
    upgrade,
  }: { host: string; addresses: string; upgrade: boolean },
): OutgoingHttpHeaders {
  const { cookie: _, ...kept } = endToEnd(headers);
  return {
    ...kept,
    host,
    // Kept even if `Connection` names it: without it Node writes the body of a GET or DELETE as if it were the next request.
    ...(headers['content-length'] !== undefined && {
      'content-length': headers['content-length'],
    }),
    ...(headers['transfer-encoding'] && { 'transfer-encoding': 'chunked' }),
    'x-forwarded-for': addresses,
    ...(upgrade && {
      connection: 'Upgrade',
      upgrade: headers.upgrade,
    }),
  };
}

/** The answer headers that are returned; no proxy may delay streams in order to compress them. */
export function forwardedResponseHeaders(
  headers: IncomingHttpHeaders,
): OutgoingHttpHeaders {
  const control = headers['cache-control'];
  const untouched = control?.includes('no-transform')
    ? control
    : [control, 'no-transform'].filter(Boolean).join(', ');
  return { ...endToEnd(headers), 'cache-control': untouched };
}
