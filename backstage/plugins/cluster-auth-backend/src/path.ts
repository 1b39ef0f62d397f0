/** `.` and `..`, raw or encoded, between slashes of any spelling; some servers take what follows a semicolon for parameters. */
const DOT_SEGMENT =
  /(?:[/\\]|%2f|%5c)(?:\.|%2e){1,2}(?:[/\\]|%2f|%5c|;|%3b|$)/i;

/** Whether a request's target stays below the path that it came in by, however whatever stands before the backend reads it. */
export function staysBelow(requestTarget: string): boolean {
  const [path] = requestTarget.split(/[?#]/, 1);
  return path.startsWith('/') && !DOT_SEGMENT.test(path);
}
