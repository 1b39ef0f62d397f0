import { Parts } from './parts.mjs';

/** Has an interrupted run stop what it has started: no server outlives it. */
export function stopOnSignals() {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      Parts.stopAll().finally(() => process.exit(130));
    });
  }
}
