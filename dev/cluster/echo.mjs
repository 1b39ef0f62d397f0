import { cut, flood, hint } from './faults.mjs';

/** Response headers that a proxy in front of a cluster must not pass on to a browser. */
const DANGEROUS_HEADERS = {
  'set-cookie': ['cluster=1; Path=/', 'other=2; Path=/'],
  'clear-site-data': '"*"',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'access-control-allow-origin': '*',
  'access-control-allow-credentials': 'true',
  'content-security-policy': "default-src 'none'",
  'www-authenticate': 'Basic realm="cluster"',
  location: 'https://attacker.example/',
  refresh: '0; url=https://attacker.example/',
  link: '<https://attacker.example/style.css>; rel=preload',
  'alt-svc': 'h3=":443"',
  'content-type': 'text/html',
};

/**
 * Answers `/echo/*`: shows which request arrived here.
 *
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
export async function echo(request, response) {
  const path = (request.url ?? '').split('?')[0];
  if (path === '/echo/answer-headers') {
    response.writeHead(200, DANGEROUS_HEADERS).end('<h1>headers</h1>');
  } else if (path === '/echo/redirect') {
    response.writeHead(302, { location: '/echo/followed' }).end();
  } else if (path === '/echo/hints') {
    hint(response);
  } else if (path === '/echo/flood') {
    flood(request, response);
  } else if (path === '/echo/cut') {
    cut(request, response);
  } else {
    await describe(request, response);
  }
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
async function describe(request, response) {
  let bodyBytes = 0;
  for await (const chunk of request) {
    bodyBytes += chunk.length;
  }
  const { method, url: rawUrl, headers, rawHeaders } = request;
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ method, rawUrl, headers, rawHeaders, bodyBytes }));
}
