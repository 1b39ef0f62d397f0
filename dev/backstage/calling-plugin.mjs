import { coreServices, createBackendPlugin } from '@backstage/backend-plugin-api';
import express from 'express';

/**
 * @typedef {import('@backstage/backend-plugin-api').AuthService} AuthService
 * @typedef {import('@backstage/backend-plugin-api').HttpAuthService} HttpAuthService
 * @typedef {{path: string, method: string, target: string, onBehalfOf: 'user' | 'plugin'}} Call
 */

/**
 * A plugin that calls another one as the signed-in user, as Backstage's own kubernetes plugin does.
 *
 * @param {string} pluginId the `sub` of its tokens
 */
export function callingPlugin(pluginId) {
  return createBackendPlugin({
    pluginId,
    register(registry) {
      registry.registerInit({
        deps: {
          auth: coreServices.auth,
          config: coreServices.rootConfig,
          httpAuth: coreServices.httpAuth,
          httpRouter: coreServices.httpRouter,
        },
        async init({ auth, config, httpAuth, httpRouter }) {
          httpRouter.use(router({ auth, httpAuth, clusterAuthUrl: config.getOptionalString('clusterAuth.url') }));
        },
      });
    },
  });
}

/**
 * @param {object} services
 * @param {AuthService} services.auth
 * @param {HttpAuthService} services.httpAuth
 * @param {string | undefined} services.clusterAuthUrl
 */
function router({ auth, httpAuth, clusterAuthUrl }) {
  const routes = express.Router();
  routes.use(express.json());
  routes.post('/call', (request, response, next) => {
    (async () => {
      const call = readCall(request.body);
      const token = await pluginToken(request, call, { auth, httpAuth });
      response.json(await send(call, token, clusterAuthUrl));
    })().catch(next);
  });
  routes.post('/obo-token', (request, response, next) => {
    (async () => {
      response.json({ token: await pluginToken(request, readCall(request.body), { auth, httpAuth }) });
    })().catch(next);
  });
  return routes;
}

/**
 * @param {unknown} body
 * @returns {Call}
 */
function readCall(body) {
  const { path = '/', method = 'GET', target = 'cluster-auth', onBehalfOf } = Object(body);
  return { path: String(path), method: String(method), target: String(target), onBehalfOf: onBehalfOf === 'plugin' ? 'plugin' : 'user' };
}

/**
 * @param {import('express').Request} request the token is for its user
 * @param {Call} call
 * @param {{auth: AuthService, httpAuth: HttpAuthService}} services
 */
async function pluginToken(request, { target, onBehalfOf }, { auth, httpAuth }) {
  const user = await httpAuth.credentials(request, { allow: ['user'] });
  const credentials = onBehalfOf === 'user' ? user : await auth.getOwnServiceCredentials();
  const { token } = await auth.getPluginRequestToken({ onBehalfOf: credentials, targetPluginId: target });
  return token;
}

/**
 * @param {Call} call
 * @param {string} token
 * @param {string | undefined} base
 */
async function send({ path, method }, token, base) {
  if (!base) {
    throw new Error('This Backstage does not know where to call; start it with --cluster-auth-url.');
  }
  // Appended, not resolved: the path cannot name another host.
  const response = await fetch(`${base.replace(/\/$/, '')}/${path.replace(/^\//, '')}`, {
    method,
    redirect: 'manual',
    headers: { authorization: `Bearer ${token}` },
  });
  return { status: response.status, body: await response.text() };
}
