import { Http2ServerResponse } from 'node:http2';
import { Readable } from 'node:stream';

/**
 * @param {import('node:http').ServerResponse} response tells of something to come before it answers
 */
export function hint(response) {
  response.writeEarlyHints({ link: '</x>; rel=preload' });
  response.writeHead(200, { 'content-type': 'text/plain' }).end('after the hints');
}

const PART = Buffer.alloc(64 << 10, 'x');
/** More than all buffers on the way to a caller that does not read: 32 MiB. */
const PARTS = 512;

/**
 * Answers as fast as it is read.
 *
 * @param {import('node:http').IncomingMessage} request `?parts=N` is another length, in parts of 64 KiB, which is not told before, as
 * that of a log
 * @param {import('node:http').ServerResponse} response
 */
export function flood(request, response) {
  const asked = new URL(request.url ?? '/', 'https://cluster').searchParams.get('parts');
  const parts = asked === null ? PARTS : Number(asked);
  response.writeHead(200, { 'content-type': 'text/plain', ...(asked === null && { 'content-length': parts * PART.length }) });
  Readable.from(repeated(parts)).pipe(response);
}

/** @param {number} parts */
function* repeated(parts) {
  for (let part = 0; part < parts; part += 1) {
    yield PART;
  }
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
