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

/** Not the default of Backstage, which would have the browser use https. No form-action: nothing here is a form. */
const CONTENT_SECURITY_POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'";

/**
 * Stands in for the one page of a frontend that this headless Backstage needs, that of `@backstage/plugin-auth`: a program
 * that signs people in as an OAuth client sends them to `/oauth2/authorize/{session}`. What it asks of Backstage, it asks as
 * the real page does.
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
