import { once } from 'node:events';

/** Where an "endless" body ends, so that a client without a limit does not fill the machine's memory. */
export const BODY_BOUND = 64 * 1024 * 1024;

const CHUNK = Buffer.alloc(64 * 1024, 'a');

/**
 * Begins a JSON string and never ends it.
 *
 * @param {import('node:http').ServerResponse} response
 * @param {(bytes: number) => void} sent called with the size of each piece handed to the connection
 */
export async function sendEndlessBody(response, sent) {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"access_token":"');
  const closed = once(response, 'close');
  for (let bytes = 0; bytes < BODY_BOUND && !response.destroyed; bytes += CHUNK.length) {
    sent(CHUNK.length);
    if (!response.write(CHUNK)) {
      await Promise.race([once(response, 'drain'), closed]);
    }
  }
  response.end();
}
