import { useEffect, useReducer, useRef } from 'react';

import { systemClock } from '../clock';

/** Between questions: after a login, other parts of Backstage may need some seconds to know of it. */
const PAUSE_MS = 2_000;
/** Afterwards, the tab's own interval has to do. */
const LONGEST_TIMES = 15;

/** A number that grows, at once and then every few seconds, while something is outdated. */
export function useAskAgain(isOutdated: boolean): number {
  const [number, askAgain] = useReducer((last: number) => last + 1, 0);
  const times = useRef(0);
  useEffect(() => {
    if (!isOutdated) {
      times.current = 0;
      return undefined;
    }
    if (times.current >= LONGEST_TIMES) {
      return undefined;
    }
    return systemClock.after(times.current === 0 ? 0 : PAUSE_MS, () => {
      times.current += 1;
      askAgain();
    });
  }, [isOutdated, number]);
  return number;
}
