import type { Response } from 'express';

/** The plugin's own errors, with the codes of docs/errors.md. */
export interface Problem {
  statusCode: number;
  name: string;
  code: string;
  message: string;
}

/** In the form of the cluster-auth backend's own errors. */
export function sendProblem(response: Response, problem: Problem): void {
  const { statusCode, ...error } = problem;
  response
    .status(statusCode)
    .set('cache-control', 'no-store')
    .json({ error, response: { statusCode } });
}
