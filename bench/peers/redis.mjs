import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { freePort } from '../../dev/idp/loopback.mjs';
import { listening, partyProgram, pidOf, serverProgram } from './program.mjs';

const NOTHING_KEPT = ['--save', '', '--appendonly', 'no', '--bind', '127.0.0.1'];

/** A Redis of the run's own, which keeps nothing on the disk. */
export class Redis {
  #program;

  /** @param {import('../../dev/demo/program.mjs').Program} program @param {number} port */
  constructor(program, port) {
    this.#program = program;
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
  }

  /** @param {'server' | 'party'} as whether it is measured itself */
  static async start(as) {
    const port = await freePort();
    const start = as === 'server' ? serverProgram : partyProgram;
    const program = start(`redis-${as}`, ['redis-server', ...NOTHING_KEPT, '--port', String(port)]);
    await listening(program, port);
    return new Redis(program, port);
  }

  get pid() {
    return pidOf(this.#program);
  }

  /** @param {string[]} command @returns {Promise<string>} what it answers */
  async call(...command) {
    const { stdout } = await promisify(execFile)('redis-cli', ['-p', String(this.port), ...command]);
    return stdout.trim();
  }

  stop() {
    return this.#program.stop();
  }
}
