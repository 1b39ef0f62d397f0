/** `.` and `..`, raw or encoded, between slashes of any spelling; some servers read text after a semicolon as parameters. */
const DOT_SEGMENT =
  /(?:[/\\]|%2f|%5c)(?:\.|%2e){1,2}(?:[/\\]|%2f|%5c|;|%3b|$)/i;

/** Whether a request's target stays below its path, in whichever way a proxy before the backend normalizes it. */
export function staysBelow(requestTarget: string): boolean {
  const [path] = requestTarget.split(/[?#]/, 1);
  return path.startsWith('/') && !DOT_SEGMENT.test(path);
}
