import {
  coreServices,
  createBackendPlugin,
} from '@backstage/backend-plugin-api';
import { forwarder } from './forwarder';
import { askOwnServer } from './ownServer';
import { readTarget } from './target';
import { Upgrades } from './upgrades';

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
        discovery: coreServices.discovery,
        httpRouter: coreServices.httpRouter,
        lifecycle: coreServices.lifecycle,
        logger: coreServices.logger,
      },
      async init({ config, discovery, httpRouter, lifecycle, logger }) {
        const forward = forwarder({ target: readTarget(config), logger });
        const upgrades = new Upgrades();
        httpRouter.use((request, _response, next) => {
          upgrades.lookAfter(request);
          next();
        });
        httpRouter.use(askOwnServer({ discovery, lifecycle }));
        httpRouter.use(forward);
        // Session tokens are no Backstage tokens, so Backstage cannot authorize these requests.
        httpRouter.addAuthPolicy({ path: '/', allow: 'unauthenticated' });
      },
    });
  },
});
