import { ResponseError } from '@backstage/errors';

/** What went wrong, for a person: a sentence that ends with what to do next. */
export interface Problem {
  message: string;
  /** One of the stable codes, where the backend answered with one. */
  code?: string;
}

const NOT_INSTALLED =
  'Backstage has nothing at /api/cluster-auth: ask its admins to route that path to the cluster-auth backend.';
const UNREACHABLE =
  'The cluster-auth backend cannot be reached: check your network, or try again in a moment.';
const NO_SENTENCE =
  'The cluster-auth backend does not work right now: try again in a moment, or tell the admins of Backstage.';

/** Puts whatever was thrown by a call into words. */
export function problemOf(error: unknown): Problem {
  if (!ResponseError.is(error)) {
    return { message: UNREACHABLE };
  }
  const { code, message } = error.body.error;
  if (typeof code === 'string') {
    return { code, message };
  }
  return { message: error.statusCode === 404 ? NOT_INSTALLED : NO_SENTENCE };
}

/** Whether the same call may be answered in a moment: nobody answered, or nobody who could. */
export function isTemporary(error: unknown): boolean {
  return (
    !ResponseError.is(error) ||
    error.statusCode === 429 ||
    error.statusCode >= 500
  );
}

/** How long the answer asks to wait, in milliseconds. */
export function retryAfter(error: unknown): number | undefined {
  if (!ResponseError.is(error)) {
    return undefined;
  }
  const seconds = Number(error.response.headers.get('Retry-After') ?? NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : undefined;
}
