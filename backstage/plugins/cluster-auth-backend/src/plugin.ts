import {
  coreServices,
  createBackendPlugin,
} from '@backstage/backend-plugin-api';
import { forwarder } from './forwarder';
import { readTarget } from './target';

/**
 * Serves `/api/cluster-auth` by passing everything on to the cluster-auth backend, which alone decides who may do what.
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
        // Session tokens are no Backstage tokens, so Backstage cannot decide here.
        httpRouter.addAuthPolicy({ path: '/', allow: 'unauthenticated' });
      },
    });
  },
});
