import { ResponseError } from '@backstage/errors';

/** What a client throws for an answer of the backend's that is an error. */
export async function refusal(
  statusCode: number,
  code: string,
  headers: Record<string, string> = {},
): Promise<Error> {
  return ResponseError.fromResponse(answer(statusCode, code, headers));
}

/** Such an answer, as it comes over the wire. */
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
