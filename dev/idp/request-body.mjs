/** Nothing sent to a development server is larger. */
const LIMIT = 64 * 1024;

/**
 * @param {import('node:http').IncomingMessage} request
 * @returns {Promise<string>}
 * @throws when the body is larger than 64 KiB or the client goes away
 */
export async function readBody(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > LIMIT) {
      throw new Error(`The request body is larger than ${LIMIT} bytes; send a smaller one.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
