import { Http2ServerResponse } from 'node:http2';

/**
 * @param {import('node:http').ServerResponse} response tells of something to come before it answers
 */
export function hint(response) {
  response.writeEarlyHints({ link: '</x>; rel=preload' });
  response.writeHead(200, { 'content-type': 'text/plain' }).end('after the hints');
}

/** More than is kept anywhere on the way to a caller who does not read. */
const FLOOD = Buffer.alloc(32 << 20, 'x');

/** @param {import('node:http').ServerResponse} response */
export function flood(response) {
  response.writeHead(200, { 'content-type': 'text/plain', 'content-length': FLOOD.length }).end(FLOOD);
}

/**
 * Answers with a body that never ends, and breaks it off as soon as some of it is on its way.
 *
 * @param {import('node:http').IncomingMessage} request `?code=N` is what RST_STREAM says (RFC 9113, 7)
 * @param {import('node:http').ServerResponse} response
 */
export function cut(request, response) {
  const code = Number(new URL(request.url ?? '/', 'https://cluster').searchParams.get('code'));
  const answer = /** @type {unknown} */ (response);
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.write('half of it', () => {
    if (answer instanceof Http2ServerResponse) {
      answer.stream.close(code);
    } else {
      response.destroy();
    }
  });
}
