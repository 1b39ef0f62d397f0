import assert from 'node:assert/strict';

/** @typedef {Record<string, string | number>} Use some fields of an audit line */

const OBJECTS = { version: 'v1', namespace: 'team-a' };
const FELIX = { user: 'user:default/felix', ...OBJECTS };
const MARA = { user: 'user:default/mara', ...OBJECTS };

/** SPDY begins with a POST, WebSocket with a GET. */
const STREAMS = ['exec', 'attach', 'portforward'].flatMap((subresource) => ['create', 'get'].flatMap((verb) => [
  ...['opened', 'closed'].map((outcome) => ({ ...FELIX, verb, resource: 'pods', subresource, status: 101, outcome })),
  { ...MARA, verb, resource: 'pods', subresource, name: 'web-0', status: 403, outcome: 'answered' },
]));

/** What the other checks have done. @type {Use[]} */
const USES = [
  { ...FELIX, verb: 'list', resource: 'pods', status: 200, outcome: 'answered' },
  { ...FELIX, verb: 'list', resource: 'pods', namespace: 'team-b', status: 403, outcome: 'answered' },
  { ...MARA, verb: 'list', resource: 'secrets', status: 403, outcome: 'answered' },
  { user: MARA.user, verb: 'create', group: 'authentication.k8s.io', resource: 'selfsubjectreviews', status: 201, outcome: 'answered' },
  { ...FELIX, verb: 'create', resource: 'configmaps', status: 201, outcome: 'answered' },
  { ...FELIX, verb: 'patch', resource: 'configmaps', name: 'colours', status: 200, outcome: 'answered' },
  { ...FELIX, verb: 'patch', resource: 'configmaps', name: 'colours', status: 409, outcome: 'answered' },
  { ...MARA, verb: 'patch', resource: 'configmaps', name: 'colours', status: 403, outcome: 'answered' },
  { ...FELIX, verb: 'delete', resource: 'configmaps', name: 'colours', status: 200, outcome: 'answered' },
  ...['opened', 'closed'].map((outcome) => ({ ...FELIX, verb: 'watch', resource: 'configmaps', status: 200, outcome })),
  ...['opened', 'closed'].map((outcome) => ({ ...FELIX, verb: 'get', resource: 'pods', subresource: 'log', name: 'web-1', status: 200, outcome })),
  ...STREAMS,
];

/** Tokens; commands of an exec; the bodies of objects. */
const NEVER = /eyJ[\w-]{20}|sha256sum|no-such-program|command=|yellow|last-applied-configuration/;

/**
 * Each use has left its line, and no line has a token, a command or a body.
 *
 * @param {import('../../demo/program.mjs').Program} backend that kubectl has been used with
 */
export async function audited(backend) {
  for (const use of USES) {
    await backend.line(lineOf(use)).catch((cause) => {
      throw new Error(`no audit line says ${JSON.stringify(use)}`, { cause });
    });
  }
  for (const line of backend.lines.filter((one) => one.includes('"message":"kubernetes"'))) {
    assert.match(line, /"request_id":"[\w-]+"/);
    assert.doesNotMatch(line, NEVER);
  }
}

/** @param {Use} use */
function lineOf(use) {
  const fields = Object.entries({ target: 'audit', message: 'kubernetes', cluster: 'development', ...use });
  return new RegExp(`^${fields.map(([name, value]) => `(?=.*${JSON.stringify(name)}:${JSON.stringify(value)}[,}])`).join('')}`);
}
