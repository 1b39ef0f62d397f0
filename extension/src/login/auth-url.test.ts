import '../testing/fake-browser';

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { BadAuthUrl, readAuthUrl, redirectUriOf } from './auth-url';

const REDIRECT = 'http://localhost:8000/';
const GOOD =
  'https://idp.example/authorize?response_type=code&client_id=x' +
  '&redirect_uri=http%3A%2F%2Flocalhost%3A8000%2F&scope=openid' +
  `&state=${'s'.repeat(43)}&code_challenge=${'c'.repeat(
    43,
  )}&code_challenge_method=S256`;

function read(text: string, providers?: string[]) {
  return readAuthUrl(text, REDIRECT, providers);
}

function faultOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof BadAuthUrl);
    return error.fault;
  }
}

it('reads what a backend sends', () => {
  const url = read(GOOD);
  assert.equal(url.state, 's'.repeat(43));
  assert.equal(url.host, 'idp.example');
  assert.equal(url.text, GOOD);
  read(GOOD.replace('https://idp.example', 'http://127.0.0.1:9'));
  read(`${GOOD}&response_mode=query`);
});

const added = (parameter: string) => `${GOOD}&${parameter}`;

const REFUSED: [fault: string, text: string][] = [
  ['address', GOOD.replace('https:', 'http:')],
  ['address', GOOD.replace('https:', 'ftp:')],
  ['address', GOOD.replace('idp.example', 'user@idp.example')],
  ['address', `${GOOD}#x`],
  ['address', `${GOOD}#`],
  ['not_ascii', added('x=\n')],
  ['not_ascii', GOOD.replace('idp', 'ідp')],
  ['repeated', added('st%61te=x')],
  ['request_object', added('request=jwt')],
  ['request_object', added('request_uri=urn')],
  ['response_type', GOOD.replace('type=code', 'type=token')],
  ['response_type', GOOD.replace('type=code', 'type=code%20token')],
  ['response_mode', added('response_mode=form_post')],
  ['response_mode', added('response_mode=fragment')],
  ['no_pkce', GOOD.replace('S256', 'plain')],
  ['no_pkce', GOOD.replace('code_challenge=c', 'code_challenge=')],
  ['other_redirect', GOOD.replace('8000', '8001')],
  ['other_redirect', GOOD.replace('localhost', 'localhost.evil.example')],
  ['state', GOOD.replace('s'.repeat(43), 's'.repeat(42))],
  ['state', GOOD.replace('s'.repeat(43), `${'s'.repeat(42)}.`)],
];

for (const [fault, text] of REFUSED) {
  it(`refuses what no honest backend sends: ${fault}, ${JSON.stringify(
    text.slice(-60),
  )}`, () => {
    assert.equal(
      faultOf(() => read(text)),
      fault,
    );
  });
}

it('goes to the listed providers alone, where there is a list', () => {
  assert.equal(
    faultOf(() => read(GOOD, ['https://idp.example'])),
    undefined,
  );
  const others = ['https://other.example', 'https://idp.example:444'];
  assert.equal(
    faultOf(() => read(GOOD, others)),
    'provider',
  );
  assert.equal(
    faultOf(() => read(GOOD, [])),
    'provider',
  );
});

it("takes the cluster's own redirect URI, at the one origin that is caught", () => {
  const of = (redirectUri: string | undefined, cluster = 'dev') =>
    redirectUriOf(
      {
        redirectUri: 'http://localhost:8000/first',
        clusters: [{ name: 'dev', redirectUri }],
      },
      cluster,
    );
  const own = 'http://localhost:8000/callback';
  assert.equal(of(own), own);
  // A cluster that was added since, and an older backend.
  assert.equal(of(own, 'new'), 'http://localhost:8000/first');
  assert.equal(of(undefined), 'http://localhost:8000/first');
  const elsewhere = [
    'http://localhost:8001/',
    'http://127.0.0.1:8000/',
    'https://localhost:8000/',
    'http://user@localhost:8000/',
    'http://localhost:8000/?x=1',
    'http://localhost:8000/#x',
    'http://localhost.evil.example:8000/',
    'https://evil.example/',
    ' http://localhost:8000/',
    '',
  ];
  for (const text of elsewhere) {
    assert.equal(
      faultOf(() => of(text)),
      'other_redirect',
      text,
    );
  }
});
