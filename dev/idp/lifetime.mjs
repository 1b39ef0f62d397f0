/**
 * Says on standard output, in one line of JSON, that a server is ready, and ends the process on SIGTERM or SIGINT.
 *
 * @param {object} announcement what the line says
 * @param {object} options
 * @param {boolean} options.exitWithStdin end the process when its standard input closes, so that no server outlives the
 *   test that started it
 * @param {() => void} options.close called before the process ends
 */
export function announce(announcement, { exitWithStdin, close }) {
  const end = () => {
    close();
    process.exit(0);
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  if (exitWithStdin) {
    process.stdin.once('close', end);
    process.stdin.resume();
  }
  process.stdout.write(`${JSON.stringify(announcement)}\n`);
}
