import type { Response } from 'express';

/** What this plugin answers by itself; the words are those of docs/errors.md. */
export interface Problem {
  statusCode: number;
  name: string;
  code: string;
  message: string;
}

/** As the cluster-auth backend itself words its errors. */
export function sendProblem(response: Response, problem: Problem): void {
  const { statusCode, ...error } = problem;
  response
    .status(statusCode)
    .set('cache-control', 'no-store')
    .json({ error, response: { statusCode } });
}
