import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Frames } from './exec-client.mjs';

/** @param {number} first @param {Buffer} payload */
function frame(first, payload) {
  const { length } = payload;
  if (length < 126) {
    return Buffer.concat([Buffer.from([first, length]), payload]);
  }
  const head = Buffer.alloc(length < 65_536 ? 4 : 10);
  head[0] = first;
  head[1] = length < 65_536 ? 126 : 127;
  length < 65_536 ? head.writeUInt16BE(length, 2) : head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

/** @param {number} channel @param {number} bytes */
const message = (channel, bytes) => Buffer.concat([Buffer.from([channel]), Buffer.alloc(bytes, 'x')]);

/** A whole session: short, longer and long messages, one in two frames, a ping in between, and its end. */
const SESSION = Buffer.concat([
  frame(0x82, message(1, 0)), frame(0x82, message(1, 10)), frame(0x82, message(1, 1000)), frame(0x82, message(2, 7)), frame(0x89, Buffer.from('ping')),
  frame(0x02, message(1, 70_000)), frame(0x80, Buffer.alloc(5, 'y')), frame(0x82, Buffer.from('\x03{"status":"Success"}')), frame(0x88, Buffer.from([3, 232])),
]);

test('what the command says is counted, and how it ended is kept, however the bytes are cut', () => {
  for (const size of [1, 3, 1000, SESSION.length]) {
    const frames = new Frames();
    for (let at = 0; at < SESSION.length; at += size) {
      frames.take(SESSION.subarray(at, at + size));
    }
    assert.deepEqual([frames.bytes, frames.status, frames.ended], [71_015, '{"status":"Success"}', true], `in parts of ${size}`);
  }
});
