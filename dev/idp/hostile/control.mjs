import { sendJson } from '../json-answer.mjs';
import { readBody } from '../request-body.mjs';
import { LIES, lieNamed } from './lies.mjs';
import { profileNamed } from './profiles.mjs';

/** @typedef {import('./endpoints.mjs').HostileEndpoints} HostileEndpoints */
/** @typedef {Record<string, unknown>} Json */

/** A command that means nothing; the message says what does. */
class BadCommand extends Error {}

/**
 * What each command changes; its answer says what holds now.
 *
 * @type {Record<string, (endpoints: HostileEndpoints, command: Json) => Json>}
 */
const COMMANDS = {
  lie: (endpoints, command) => {
    const lie = lieNamed(command.lie);
    if (!lie) {
      throw new BadCommand(`There is no such lie; send {"lie":…} with none or one of ${LIES.join(', ')}.`);
    }
    endpoints.lie = lie;
    return { lie };
  },
  profile: (endpoints, command) => {
    endpoints.become(typeof command.name === 'string' ? named(command.name) : command);
    return { ...endpoints.profile };
  },
  'id-token-lifetime': (endpoints, { seconds }) => {
    if (typeof seconds !== 'number' || !Number.isInteger(seconds) || seconds < 1) {
      throw new BadCommand('A lifetime is {"seconds":N}; send a whole number above zero.');
    }
    endpoints.idTokenSeconds = seconds;
    return { seconds };
  },
  clock: (endpoints, { offsetSeconds }) => {
    if (typeof offsetSeconds !== 'number' || !Number.isFinite(offsetSeconds)) {
      throw new BadCommand('The clock is {"offsetSeconds":N}, how far it is ahead of the machine\'s; send a number.');
    }
    endpoints.clock.offsetSeconds = offsetSeconds;
    return { offsetSeconds };
  },
  'refresh-answer': (endpoints, command) => {
    endpoints.refreshAnswer = Object.keys(command).length === 0 ? undefined : command;
    return command;
  },
};

/**
 * What the client has done, as far as this provider can tell.
 *
 * @type {Record<string, (endpoints: HostileEndpoints) => Json>}
 */
const READINGS = {
  followed: (endpoints) => ({ redirectsFollowed: endpoints.redirectsFollowed }),
  sent: (endpoints) => ({ bytes: endpoints.bytesSent }),
  revoked: (endpoints) => ({ revoked: endpoints.revoked }),
  'token-request': (endpoints) => endpoints.lastTokenRequest,
  refreshes: (endpoints) => ({ at: endpoints.refreshes }),
  userinfo: (endpoints) => ({ requests: endpoints.userinfoRequests }),
  newest: (endpoints) => ({ revoked: endpoints.newestRevoked }),
};

/**
 * `/control/*`: picks the lie, and tells what the client did about it.
 *
 * @param {HostileEndpoints} endpoints
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
export async function control(endpoints, request, response) {
  const name = request.url?.slice('/control/'.length) ?? '';
  const command = request.method === 'POST' && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  const reading = request.method === 'GET' && Object.hasOwn(READINGS, name) ? READINGS[name] : undefined;
  if (!command && !reading) {
    const known = `POST /control/${Object.keys(COMMANDS).join(', ')} and GET /control/${Object.keys(READINGS).join(', ')}`;
    sendJson(response, 404, { error: `There are ${known}; use one.` });
    return;
  }
  try {
    sendJson(response, 200, command ? command(endpoints, await readCommand(request)) : reading?.(endpoints));
  } catch (error) {
    if (!(error instanceof BadCommand)) {
      throw error;
    }
    sendJson(response, 400, { error: error.message });
  }
}

/** @param {string} name */
function named(name) {
  try {
    return profileNamed(name);
  } catch (error) {
    throw new BadCommand(error instanceof Error ? error.message : String(error));
  }
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @returns {Promise<Json>} empty when it is no JSON
 */
async function readCommand(request) {
  try {
    return Object(JSON.parse(await readBody(request)));
  } catch {
    return {};
  }
}
