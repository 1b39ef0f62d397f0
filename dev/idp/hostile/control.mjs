import { sendJson } from '../json-answer.mjs';
import { readBody } from '../request-body.mjs';
import { LIES, lieNamed } from './lies.mjs';

/**
 * `/control/*`: picks the lie, and tells what the client did about it.
 *
 * @param {import('./endpoints.mjs').HostileEndpoints} endpoints
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
export async function control(endpoints, request, response) {
  switch (`${request.method} ${request.url}`) {
    case 'POST /control/lie': {
      const lie = lieNamed(readLie(await readBody(request)));
      if (!lie) {
        sendJson(response, 400, { error: `There is no such lie; send {"lie":…} with none or one of ${LIES.join(', ')}.` });
        return;
      }
      endpoints.lie = lie;
      sendJson(response, 200, { lie });
      return;
    }
    case 'GET /control/followed': return sendJson(response, 200, { redirectsFollowed: endpoints.redirectsFollowed });
    case 'GET /control/sent': return sendJson(response, 200, { bytes: endpoints.bytesSent });
    case 'GET /control/revoked': return sendJson(response, 200, { revoked: endpoints.revoked });
    default:
      sendJson(response, 404, { error: 'There are POST /control/lie, GET /control/followed, sent and revoked; use one.' });
  }
}

/**
 * @param {string} body
 * @returns {unknown}
 */
function readLie(body) {
  try {
    return Object(JSON.parse(body)).lie;
  } catch {
    return undefined;
  }
}
