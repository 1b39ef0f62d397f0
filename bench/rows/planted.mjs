import { sampleOf } from '../measuring/sample.mjs';
import { startAround } from '../parties/around.mjs';
import { Parts } from '../parties/parts.mjs';
import { Ours } from '../peers/ours.mjs';
import { verdicts } from '../report/verdicts.mjs';
import { OURS } from '../programs.mjs';
import { PLANTED } from '../planting/planting.mjs';
import { Calls } from './calls.mjs';
import { loadRow } from './row.mjs';

/**
 * Measures the program with a planted sleep as if it were this one, and this one as the earlier: the floor that nothing is slower has to
 * find it.
 *
 * @param {import('./row.mjs').Scale} scale
 * @returns {Promise<{seen: boolean, said: string}>}
 */
export function seesPlantedSleep({ turns, seconds }) {
  return Parts.around(async (parts) => {
    const around = await startAround(parts);
    const calls = new Calls(around.signing);
    const candidates = [];
    for (const [name, binary] of /** @type {const} */ ([['ours', PLANTED], ['ours before', OURS]])) {
      const ours = await parts.add(Ours.start(`planted-${name.replaceAll(' ', '-')}`, binary, around, { kind: 'process' }));
      await calls.logIn(ours);
      candidates.push({ name, sample: () => sampleOf(calls.token(ours), seconds) });
    }
    const row = await loadRow('GET /token with a planted sleep', '', candidates, turns);
    if (row.failure) {
      return { seen: false, said: row.failure };
    }
    const found = verdicts([row]).filter(({ holds }) => holds === false);
    return { seen: found.length > 0, said: found.map(({ floor, was }) => `${floor.text}: ${was}`).join('; ') || 'no floor has failed' };
  });
}
