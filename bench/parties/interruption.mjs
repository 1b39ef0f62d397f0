/**
 * Ends at Ctrl-C. It is the first process of its namespace, which ends at no signal by itself; the system kills all others there with it.
 */
export function endOnSignals() {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => process.exit(130));
  }
}
