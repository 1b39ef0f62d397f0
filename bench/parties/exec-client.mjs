import { randomBytes } from 'node:crypto';

import { clientOf } from '../measuring/client-of.mjs';

/** Kubernetes' channels, the first byte of each message: what the command says, and how it ended. */
const [STDOUT, STATUS] = [1, 3];

const [CLOSE, TEXT_AND_BINARY] = [0x8, [0x0, 0x1, 0x2]];

/**
 * Runs a command in a pod over a WebSocket, as kubectl does, and counts what comes.
 *
 * @param {string} url of the exec, with its query
 * @param {{bearer: string, ca?: string}} as
 * @returns {Promise<number>} how many bytes the command said, once it has ended well
 */
export function execBytes(url, { bearer, ca }) {
  const headers = {
    authorization: `Bearer ${bearer}`, connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'), 'sec-websocket-protocol': 'v5.channel.k8s.io',
  };
  return new Promise((resolve, reject) => {
    const sent = clientOf(url).request(url, { headers, ...(ca && { ca }) });
    sent.once('response', (response) => {
      response.resume();
      reject(new Error(`exec was answered with ${response.statusCode}`));
    });
    sent.once('upgrade', (_, socket, head) => {
      const frames = new Frames();
      const take = (/** @type {Buffer} */ bytes) => {
        frames.take(bytes);
        if (frames.ended) {
          socket.destroy();
          frames.status.includes('"Success"') ? resolve(frames.bytes) : reject(new Error(`the command ended otherwise: ${frames.status}`));
        }
      };
      socket.on('data', take).once('error', reject).once('close', () => reject(new Error(`exec was cut after ${frames.bytes} bytes`)));
      take(head);
    });
    sent.once('error', reject).end();
  });
}

/** Frames of a server's, which have no mask: it counts the bytes of one channel, and keeps those of the other. */
export class Frames {
  bytes = 0;
  status = '';
  ended = false;
  /** Of a head that has not come whole. @type {Buffer} */
  #rest = Buffer.alloc(0);
  /** How much of the current frame is still to come. */
  #left = 0;
  /** @type {number | undefined} undefined where the next byte names it */
  #channel;
  #isMessage = false;

  /** @param {Buffer} bytes */
  take(bytes) {
    let rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
    this.#rest = Buffer.alloc(0);
    while (rest.length > 0) {
      if (this.#left === 0) {
        const head = headOf(rest);
        if (!head) {
          this.#rest = rest;
          return;
        }
        this.#begin(head);
        rest = rest.subarray(head.size);
      }
      const part = rest.subarray(0, this.#left);
      this.#left -= part.length;
      rest = rest.subarray(part.length);
      this.#payload(part);
    }
  }

  /** @param {{opcode: number, length: number}} head */
  #begin({ opcode, length }) {
    this.#left = length;
    this.#isMessage = TEXT_AND_BINARY.includes(opcode);
    this.ended ||= opcode === CLOSE;
    // A message that goes on in another frame names its channel once.
    if (opcode !== 0) {
      this.#channel = undefined;
    }
  }

  /** @param {Buffer} part */
  #payload(part) {
    if (!this.#isMessage || part.length === 0) {
      return;
    }
    const named = this.#channel === undefined ? 1 : 0;
    this.#channel ??= part[0];
    if (this.#channel === STDOUT) {
      this.bytes += part.length - named;
    } else if (this.#channel === STATUS) {
      this.status += part.subarray(named).toString('utf8');
    }
  }
}

/** @param {Buffer} bytes @returns {{opcode: number, length: number, size: number} | undefined} nothing where it is not whole */
function headOf(bytes) {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) {
    return undefined;
  }
  const opcode = first & 0x0f;
  const short = second & 0x7f;
  if (short < 126) {
    return { opcode, length: short, size: 2 };
  }
  const size = short === 126 ? 4 : 10;
  if (bytes.length < size) {
    return undefined;
  }
  return { opcode, length: short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2)), size };
}
