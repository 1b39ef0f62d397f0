#!/usr/bin/env node
// Signs in to Backstage without a browser; see --help.
import { parseArgs } from 'node:util';

import { signIn } from './sign-in-flow.mjs';

const USAGE = `Signs in to the development Backstage at its identity provider, for development and tests only.

  node dev/backstage/sign_in.mjs --backstage URL --login NAME [--password dev]

Prints one line of JSON:
  userToken  the Backstage user token (an hour)
  cookie     a Cookie header with which GET /api/auth/oidc/refresh?env=development (and X-Requested-With: XMLHttpRequest)
             gives a new user token, backstageIdentity.token. Good for one request: its answer sets the next cookie.
  provider   oidc
`;

const { values } = parseArgs({
  options: {
    backstage: { type: 'string' },
    login: { type: 'string' },
    password: { type: 'string', default: 'dev' },
    help: { type: 'boolean', default: false },
  },
});
const { backstage, login, password } = values;
if (values.help) {
  process.stdout.write(USAGE);
} else if (!backstage || !login) {
  process.stderr.write(`sign_in: --backstage and --login are both needed; give both.\n\n${USAGE}`);
  process.exitCode = 2;
} else {
  try {
    process.stdout.write(`${JSON.stringify(await signIn({ backstage, login, password }))}\n`);
  } catch (error) {
    process.stderr.write(`sign_in: ${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}
