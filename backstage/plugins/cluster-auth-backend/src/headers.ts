import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

/** What belongs to one connection only (RFC 9110, 7.6.1). */
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

/** Without what belongs to this connection, or is named in its `Connection`. */
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

/** What of a request's headers goes on. Backstage's cookies do not: the cluster-auth backend has no use for them. */
export function forwardedRequestHeaders(
  headers: IncomingHttpHeaders,
  { host, addresses }: { host: string; addresses: string },
): OutgoingHttpHeaders {
  const { cookie: _, ...kept } = endToEnd(headers);
  return {
    ...kept,
    host,
    // Whatever `Connection` names: without it Node writes the body of a GET or DELETE as if it were the next request.
    ...(headers['content-length'] !== undefined && {
      'content-length': headers['content-length'],
    }),
    ...(headers['transfer-encoding'] && { 'transfer-encoding': 'chunked' }),
    'x-forwarded-for': addresses,
    ...(headers.upgrade && {
      connection: 'Upgrade',
      upgrade: headers.upgrade,
    }),
  };
}

/** What of an answer's headers goes back; nothing on the way may hold streams up in order to compress them. */
export function forwardedResponseHeaders(
  headers: IncomingHttpHeaders,
): OutgoingHttpHeaders {
  const control = headers['cache-control'];
  const untouched = control?.includes('no-transform')
    ? control
    : [control, 'no-transform'].filter(Boolean).join(', ');
  return { ...endToEnd(headers), 'cache-control': untouched };
}
