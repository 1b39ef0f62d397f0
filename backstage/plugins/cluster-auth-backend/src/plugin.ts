import {
  coreServices,
  createBackendPlugin,
} from '@backstage/backend-plugin-api';
import { forwarder } from './forwarder';
import { readTarget } from './target';

/**
 * Forwards `/api/cluster-auth` to the cluster-auth backend, which alone authorizes requests.
 *
 * @public
 */
export const clusterAuthPlugin = createBackendPlugin({
  pluginId: 'cluster-auth',
  register(env) {
    env.registerInit({
      deps: {
        config: coreServices.rootConfig,
        httpRouter: coreServices.httpRouter,
        logger: coreServices.logger,
      },
      async init({ config, httpRouter, logger }) {
        httpRouter.use(forwarder({ target: readTarget(config), logger }));
        // Session tokens are no Backstage tokens, so Backstage cannot authorize these requests.
        httpRouter.addAuthPolicy({ path: '/', allow: 'unauthenticated' });
      },
    });
  },
});
