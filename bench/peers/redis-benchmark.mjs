import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { processorSeconds } from '../measuring/processes.mjs';
import { isBusy, limitOf } from '../measuring/verdict.mjs';

/** As long as a sealed login. */
const VALUE_BYTES = 3000;

/** Some seconds of it. */
const REQUESTS = 200_000;

/**
 * `GET` of one value, by Redis' own load generator: what the store itself takes for a request. The generator takes more for one than
 * Redis, so with a processor each it is the limit: then there are no requests a second, which would be the generator's.
 *
 * @param {import('./redis.mjs').Redis} redis one of its own, which is the server here
 * @returns {Promise<import('../measuring/sample.mjs').Sample>}
 */
export async function redisBenchmark(redis) {
  await redis.call('SET', 'bench', 'x'.repeat(VALUE_BYTES));
  const begun = processorSeconds(redis.pid);
  const report = await run(redis.port);
  const used = processorSeconds(redis.pid) - begun;
  if ((await redis.call('STRLEN', 'bench')) !== String(VALUE_BYTES)) {
    throw new Error('the value is another one at the end');
  }
  const took = REQUESTS / report.perSecond;
  const [serverShare, loadShare] = [used / took, report.processor / took];
  const shares = { serverShare, loadShare };
  if (isBusy(loadShare) && !isBusy(serverShare)) {
    return { perProcessorSecond: REQUESTS / used, ...shares, limit: 'its own load' };
  }
  return { perSecond: report.perSecond, perProcessorSecond: REQUESTS / used, ...shares, limit: limitOf(shares) };
}

/**
 * @param {number} port
 * @returns {Promise<{perSecond: number, processor: number}>}
 */
async function run(port) {
  // bash tells what its children have used, after what it has used itself.
  const line = `redis-benchmark -p ${port} -c 64 -n ${REQUESTS} --csv GET bench && times`;
  const { stdout } = await promisify(execFile)('bash', ['-c', line]);
  return readBenchmark(stdout);
}

/** @param {string} text */
export function readBenchmark(text) {
  const perSecond = Number(/^"GET bench","([\d.]+)"/m.exec(text)?.[1]);
  const times = /^(\d+)m([\d.]+)s (\d+)m([\d.]+)s$/.exec(text.trimEnd().split('\n').at(-1) ?? '')?.slice(1).map(Number);
  if (!perSecond || !times) {
    throw new Error(`redis-benchmark says something else: ${text}`);
  }
  const [minutes = 0, seconds = 0, systemMinutes = 0, systemSeconds = 0] = times;
  return { perSecond, processor: (minutes + systemMinutes) * 60 + seconds + systemSeconds };
}
