/** An identifier that no other message has. */
export function randomId(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-');
}
