import { parseArgs } from 'node:util';

import { UsageError } from '../idp/idp-arguments.mjs';

export const USAGE = `A small Kubernetes API that knows its users by their ID tokens, for development and tests only.

  node dev/cluster/cluster.mjs --issuer URL --client-id ID --ca-out FILE [options]

  --issuer URL         the issuer of the ID tokens that are accepted, byte for byte as in their iss
  --client-id ID       what their aud must be
  --username-claim C   the claim that is the user's name: email (default), which must be verified where they say so, or another
  --ca-out FILE        where the certificate of the new certificate authority is written (PEM)
  --port N             0 (default) takes a free one
  --http2              offers HTTP/2 beside HTTP/1.1, as API servers do
  --node PROGRAM       the program of dev/kubectl/go/node: objects that can be changed, and exec, attach and port-forward
  --exit-with-stdin    end when standard input closes
  --help

The group team-a (or the user felix@example.com) may read the namespace team-a, team-b (mara@example.com) the namespace
team-b; all users may list namespaces. With --node they may do everything there, and team-b may read team-a, without secrets.

Beside the Kubernetes API:
  ANY  /echo/*                 a user: the request as it arrived, {method, rawUrl, headers, rawHeaders, bodyBytes}
  ANY  /echo/answer-headers    a user: an answer with headers that no proxy should let through
  ANY  /echo/redirect          a user: 302 to /echo/followed
  GET  /echo/hints             a user: 103, then 200
  GET  /echo/flood             a user: 32 MiB
  GET  /echo/flood?parts=N     a user: N times 64 KiB; how long it is is not told before
  ANY  /echo/upgrade           a user: the protocol that is asked for; what is sent in it comes back
  GET  /echo/cut?code=N        a user: half an answer, then RST_STREAM with that code; over HTTP/1.1 the connection ends
  POST /control/touch          anyone: changes the first pod of each namespace (one MODIFIED event a watch, one line a log); not with --node
  GET  /control/streams        anyone: {open}, the watches, followed logs and upgraded connections that are open
  GET  /control/streams?open=N the same, but answers only when N are open, or after 30 s
`;

/**
 * @param {string[]} argv without node and the script
 * @throws {UsageError}
 */
export function readClusterArguments(argv) {
  const values = parse(argv);
  const help = values.help;
  const exitWithStdin = values['exit-with-stdin'];
  const port = portNumber(values.port);
  if (help) {
    return { help: /** @type {const} */ (true) };
  }
  return {
    help: /** @type {const} */ (false),
    exitWithStdin,
    port,
    http2: values.http2,
    node: values.node,
    issuer: required('--issuer', values.issuer),
    clientId: required('--client-id', values['client-id']),
    usernameClaim: values['username-claim'],
    caFile: required('--ca-out', values['ca-out']),
  };
}

/** @param {string[]} argv */
function parse(argv) {
  try {
    return parseArgs({
      args: argv,
      options: {
        issuer: { type: 'string' },
        'client-id': { type: 'string' },
        'username-claim': { type: 'string', default: 'email' },
        'ca-out': { type: 'string' },
        port: { type: 'string', default: '0' },
        http2: { type: 'boolean', default: false },
        node: { type: 'string' },
        'exit-with-stdin': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/**
 * @param {string} name
 * @param {string | undefined} value
 */
function required(name, value) {
  if (!value) {
    throw new UsageError(`${name} is missing; give one.`);
  }
  return value;
}

/** @param {string} value */
function portNumber(value) {
  const port = Number(value);
  if (value === '' || !Number.isInteger(port) || port < 0 || port > 65535) {
    throw new UsageError('--port must be a whole number from 0 to 65535; give such a number.');
  }
  return port;
}
