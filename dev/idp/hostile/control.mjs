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
      const lie = lieNamed((await readCommand(request)).lie);
      if (!lie) {
        sendJson(response, 400, { error: `There is no such lie; send {"lie":…} with none or one of ${LIES.join(', ')}.` });
        return;
      }
      endpoints.lie = lie;
      sendJson(response, 200, { lie });
      return;
    }
    case 'POST /control/profile': {
      endpoints.profile = await readCommand(request);
      sendJson(response, 200, endpoints.profile);
      return;
    }
    case 'POST /control/id-token-lifetime': {
      const { seconds } = await readCommand(request);
      if (typeof seconds !== 'number' || !Number.isInteger(seconds) || seconds < 1) {
        sendJson(response, 400, { error: 'A lifetime is {"seconds":N}; send a whole number above zero.' });
        return;
      }
      endpoints.idTokenSeconds = seconds;
      sendJson(response, 200, { seconds });
      return;
    }
    case 'GET /control/followed': return sendJson(response, 200, { redirectsFollowed: endpoints.redirectsFollowed });
    case 'GET /control/sent': return sendJson(response, 200, { bytes: endpoints.bytesSent });
    case 'GET /control/revoked': return sendJson(response, 200, { revoked: endpoints.revoked });
    case 'GET /control/token-request': return sendJson(response, 200, endpoints.lastTokenRequest);
    case 'GET /control/userinfo': return sendJson(response, 200, { requests: endpoints.userinfoRequests });
    case 'GET /control/newest': return sendJson(response, 200, { revoked: endpoints.newestRevoked });
    default:
      sendJson(response, 404, {
        error: 'There are POST /control/lie, profile and id-token-lifetime, GET /control/followed, sent, revoked, newest, token-request and userinfo; use one.',
      });
  }
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @returns {Promise<Record<string, unknown>>} empty when it is no JSON
 */
async function readCommand(request) {
  try {
    return Object(JSON.parse(await readBody(request)));
  } catch {
    return {};
  }
}
