import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { it } from 'node:test';

import { freePort, LoopbackServer } from './loopback.mjs';

it('refuses a port that another program holds on one of the addresses, and holds neither then', async () => {
  const other = createServer().listen(0, '::1');
  await once(other, 'listening');
  const { port } = Object(other.address());
  await assert.rejects(LoopbackServer.listen(port), { message: `Another program holds port ${port} of ::1; stop it or choose another port.` });
  other.close();
  await once(other, 'close');
  const server = await LoopbackServer.listen(port);
  assert.equal(server.port, port);
  server.close();
});

it('finds a free port that the system gives to no other program meanwhile', async () => {
  const port = await freePort();
  const { lowest } = Object(/^(?<lowest>\d+)/.exec(await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'))?.groups);
  assert.ok(port < Number(lowest), `${port}`);
  const server = await LoopbackServer.listen(port);
  server.close();
});
