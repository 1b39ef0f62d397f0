/** Why there is no token; the message is a sentence for the user that names the next step. */
export class NoToken extends Error {
  /** The code, such as `not_connected`, as in docs/errors.md; none without an answer. */
  readonly code?: string;
  /** The status that came with the code. */
  readonly status?: number;

  constructor(
    message: string,
    options: { code?: string; status?: number; cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.name = 'NoToken';
    this.code = options.code;
    this.status = options.status;
  }
}
