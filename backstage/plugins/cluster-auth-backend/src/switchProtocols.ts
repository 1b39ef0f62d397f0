import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** The switch to another protocol on the same connection. */
export interface Switched {
  answer: IncomingMessage;
  socket: Duplex;
  /** The first bytes of that protocol. */
  head: Buffer;
}

/** Joins both connections: what one side ends, the other ends, too, in that direction only. */
export function switchProtocols(
  client: Duplex,
  { answer, socket, head }: Switched,
): void {
  const lines = [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`];
  for (let at = 0; at + 1 < answer.rawHeaders.length; at += 2) {
    lines.push(`${answer.rawHeaders[at]}: ${answer.rawHeaders[at + 1]}`);
  }
  // Without another listener for upgrades, Node's HTTP server still looks at this connection: it would end both directions,
  // and read what comes as requests, with its time limits for those.
  client.removeAllListeners('end');
  client.removeAllListeners('data');
  client.write(`${lines.join('\r\n')}\r\n\r\n`);
  client.write(head);
  socket.pipe(client).pipe(socket);
  for (const [one, other] of [
    [client, socket],
    [socket, client],
  ]) {
    one.once('error', () => other.destroy());
    // After an end, what is still on its way to the other side is sent before that ends.
    one.once('close', () => {
      if (!one.readableEnded) {
        other.destroy();
      }
    });
  }
}
