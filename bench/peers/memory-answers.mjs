import { freePort } from '../../dev/idp/loopback.mjs';
import { benchProgram } from '../programs.mjs';
import { listening, pidOf, serverProgram } from './program.mjs';

/**
 * actix-web as it is: it looks a bearer up in memory.
 *
 * @param {string} bearer the one it knows
 * @returns {Promise<import('./peer.mjs').Peer>}
 */
export async function startMemoryAnswers(bearer) {
  const port = await freePort();
  const program = serverProgram('memory-answers', [benchProgram('memory-answers'), `127.0.0.1:${port}`, bearer]);
  await listening(program, port);
  return { url: `http://127.0.0.1:${port}`, pid: pidOf(program), stop: () => program.stop() };
}
