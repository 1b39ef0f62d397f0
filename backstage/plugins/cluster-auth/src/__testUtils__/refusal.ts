import { ResponseError } from '@backstage/errors';

/** The error that a client throws for an error answer of the backend. */
export async function refusal(
  statusCode: number,
  code: string,
  headers: Record<string, string> = {},
): Promise<Error> {
  return ResponseError.fromResponse(answer(statusCode, code, headers));
}

/** Such an answer as a response. */
export function answer(
  statusCode: number,
  code: string,
  headers: Record<string, string> = {},
): Response {
  const error = {
    name: 'Error',
    message: `A sentence: ${code}.`,
    code,
  };
  return new Response(JSON.stringify({ error, response: { statusCode } }), {
    status: statusCode,
    headers: { 'Content-Type': 'application/json', ...headers },
  });
}
