import { readFile } from 'node:fs/promises';

import { coreServices, createBackendPlugin } from '@backstage/backend-plugin-api';
import express from 'express';

const SCRIPT = new URL('consent-script.mjs', import.meta.url);

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Consent</title>
<h1>Let this program in?</h1>
<p id="client"></p>
<p><button id="approve" disabled>Approve</button> <button id="reject" disabled>Reject</button></p>
<script type="module" src="/oauth2/consent-script.mjs"></script>
</html>
`;

/** Backstage's default would make the browser use https. No form-action: there is no form. */
const CONTENT_SECURITY_POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'";

/**
 * Stands in for the consent page of `@backstage/plugin-auth`, the only page of a frontend that this headless Backstage needs: a
 * program that is an OAuth client sends its user to `/oauth2/authorize/{session}`. It sends Backstage the same requests as the real
 * page, with the same cookies, and is therefore served at Backstage's own address.
 */
export const consentPageStandIn = createBackendPlugin({
  pluginId: 'consent-page-stand-in',
  register(registry) {
    registry.registerInit({
      deps: { rootHttpRouter: coreServices.rootHttpRouter },
      async init({ rootHttpRouter }) {
        rootHttpRouter.use('/oauth2', router(await readFile(SCRIPT, 'utf8')));
      },
    });
  },
});

/** @param {string} script */
function router(script) {
  const routes = express.Router();
  routes.get('/consent-script.mjs', (_request, response) => {
    response.type('text/javascript').send(script);
  });
  routes.get('/authorize/:session', (_request, response) => {
    response.set('content-security-policy', CONTENT_SECURITY_POLICY).type('html').send(PAGE);
  });
  return routes;
}
