import { ResponseError } from '@backstage/errors';

/** An error for the user: a sentence that ends with the next step. */
export interface Problem {
  message: string;
  /** The stable code, if the backend sent one. */
  code?: string;
}

const NOT_INSTALLED =
  'Backstage has nothing at /api/cluster-auth: ask its admins to route that path to the cluster-auth backend.';
const UNREACHABLE =
  'The cluster-auth backend cannot be reached: check your network, or try again in a moment.';
const NO_SENTENCE =
  'The cluster-auth backend does not work right now: try again in a moment, or tell the admins of Backstage.';

/** The problem for any error that a call throws. */
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

/** Whether a retry may succeed: there was no answer, or none from a working backend. */
export function isTemporary(error: unknown): boolean {
  return (
    !ResponseError.is(error) ||
    error.statusCode === 429 ||
    error.statusCode >= 500
  );
}

/** The wait that the answer asks for, in milliseconds. */
export function retryAfter(error: unknown): number | undefined {
  if (!ResponseError.is(error)) {
    return undefined;
  }
  const seconds = Number(error.response.headers.get('Retry-After') ?? NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : undefined;
}
