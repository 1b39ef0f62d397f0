import { request } from 'node:http';
import { json } from 'node:stream/consumers';

/**
 * Begins a login, as Backstage's page does when its button is pressed.
 *
 * @param {string} backend
 * @returns {Promise<string>} the session token
 */
export function register(backend) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const sent = request(`${backend}/api/cluster-auth/register`, { method: 'POST', headers }, async (response) => {
      try {
        const body = /** @type {{sessionToken?: string, error?: {message: string}}} */ (await json(response));
        if (body.sessionToken === undefined) {
          throw new Error(body.error?.message ?? `status ${response.statusCode}`);
        }
        resolve(body.sessionToken);
      } catch (error) {
        reject(error);
      }
    });
    sent.once('error', reject).end(JSON.stringify({ returnTo: '/' }));
  });
}
