import { CANNED_ENDPOINTS } from './canned-answers.mjs';
import { sendJson } from './json-answer.mjs';
import { readBody } from './request-body.mjs';

/** @typedef {import('node:http').IncomingMessage} IncomingMessage */
/** @typedef {import('node:http').ServerResponse} ServerResponse */
/** @typedef {Record<string, unknown>} Command a JSON body */

/** How long `GET /control/held` waits. */
const HELD_POLL_MS = 30_000;

/** A command that is not valid; the message says why. */
class BadCommand extends Error {}

/**
 * `/control/*`: how tests stop, replace and count requests. JSON in, JSON out.
 *
 * @param {object} parts
 * @param {import('./interference.mjs').Interference} parts.interference
 * @param {(oldKeys: 'keep' | 'drop') => Promise<void>} parts.rotateKeys
 * @param {(lifetime: { seconds: number, clientId: string | undefined }) => void} parts.setIdTokenLifetime
 * @returns {(request: IncomingMessage, response: ServerResponse) => Promise<void>}
 */
export function controlApi({ interference, rotateKeys, setIdTokenLifetime }) {
  const { holds, cannedAnswers, counts } = interference;
  /** @type {Record<string, (command: Command) => unknown>} */
  const commands = {
    'POST /control/hold': (command) => holds.arm(holdPoint(command)),
    'GET /control/held': async () => ({ held: await holds.untilHeld(HELD_POLL_MS) }),
    'POST /control/release': () => holds.release(),
    'POST /control/next': (command) => cannedAnswers.add(cannedAnswer(command)),
    'GET /control/counts': () => counts,
    'POST /control/rotate-keys': ({ drop }) => rotateKeys(drop === true ? 'drop' : 'keep'),
    'POST /control/id-token-lifetime': (command) => setIdTokenLifetime(lifetime(command)),
    'POST /control/reset': () => interference.reset(),
  };
  return async (request, response) => {
    const name = `${request.method} ${request.url}`;
    const run = commands[name];
    if (!run) {
      sendJson(response, 404, { error: `There is no ${name}; there are ${Object.keys(commands).join(', ')}.` });
      return;
    }
    try {
      sendJson(response, 200, (await run(await readCommand(request))) ?? { ok: true });
    } catch (error) {
      if (!(error instanceof BadCommand)) {
        throw error;
      }
      sendJson(response, 400, { error: error.message });
    }
  };
}

/**
 * @param {IncomingMessage} request
 * @returns {Promise<Command>}
 */
async function readCommand(request) {
  const body = await readBody(request);
  try {
    return Object(JSON.parse(body || '{}'));
  } catch (cause) {
    throw new BadCommand('The body is not JSON; send a JSON object.', { cause });
  }
}

/**
 * How long the next ID tokens live: those of one client, or of all that have no lifetime of their own.
 *
 * @param {Command} command
 */
function lifetime({ seconds, clientId }) {
  if (typeof seconds !== 'number' || !Number.isInteger(seconds) || seconds < 1) {
    throw new BadCommand('A lifetime is {"seconds":N}, with a "clientId" for one client; send a whole number above zero.');
  }
  return { seconds, clientId: clientId === undefined ? undefined : String(clientId) };
}

/**
 * @param {Command} command
 * @returns {import('./holds.mjs').HoldPoint}
 */
function holdPoint({ endpoint, when }) {
  if (endpoint !== 'token' || (when !== 'before' && when !== 'after')) {
    throw new BadCommand('A hold is {"endpoint":"token","when":"before"|"after"}; send one of those.');
  }
  return when;
}

/**
 * @param {Command} command
 * @returns {import('./canned-answers.mjs').CannedAnswer}
 */
function cannedAnswer({ endpoint, clientId, times = 1, status, body = '', contentType = 'application/json', delayMs = 0, retryAfter }) {
  const known = CANNED_ENDPOINTS.find((name) => name === endpoint);
  if (!known) {
    throw new BadCommand(`endpoint is one of ${CANNED_ENDPOINTS.join(', ')}; name one of them.`);
  }
  if (status === undefined && delayMs === 0) {
    throw new BadCommand('Neither status nor delayMs is given; give one of them.');
  }
  if (clientId !== undefined && known !== 'token') {
    throw new BadCommand('Only requests to token tell a clientId; leave it out.');
  }
  return {
    endpoint: known,
    clientId: clientId === undefined ? undefined : String(clientId),
    times: wholeNumber('times', times, 1),
    delayMs: wholeNumber('delayMs', delayMs, 0),
    status: status === undefined ? undefined : wholeNumber('status', status, 200),
    body: typeof body === 'string' ? body : JSON.stringify(body),
    contentType: String(contentType),
    retryAfter: retryAfter === undefined ? undefined : String(retryAfter),
  };
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {number} least
 * @returns {number}
 */
function wholeNumber(name, value, least) {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least) {
    throw new BadCommand(`${name} must be a whole number of at least ${least}; send such a number.`);
  }
  return value;
}
