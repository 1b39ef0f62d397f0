import { useSyncExternalStore } from 'react';

import { LiveValue } from './LiveValue';

/** The current value; the component renders again when it changes. */
export function useLiveValue<T>(value: LiveValue<T>): T {
  return useSyncExternalStore(value.subscribe, value.get);
}
