import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readBenchmark } from './redis-benchmark.mjs';

test('redis-benchmark and bash are read', () => {
  const text = '"test","rps","avg_latency_ms"\n"GET bench","98765.43","0.3"\n0m0.001s 0m0.002s\n1m1.500s 0m0.250s\n';
  assert.deepEqual(readBenchmark(text), { perSecond: 98765.43, processor: 61.75 });
  assert.throws(() => readBenchmark('ERR'), /says something else/);
});
