import { setTimeout as later } from 'node:timers/promises';

import {
  coreServices,
  createBackendModule,
} from '@backstage/backend-plugin-api';
import { catalogServiceRef } from '@backstage/plugin-catalog-node';

const NEEDED = [
  'user:default/felix',
  'user:default/mara',
  'component:default/web',
  'component:default/api',
];
const INTERVAL_MS = 50;
const TIMEOUT_MS = 60_000;

/**
 * Delays the end of the start until the catalog, which sends no event, has read its file: before that, no user can sign in.
 */
export const catalogHasBeenRead = createBackendModule({
  pluginId: 'catalog',
  moduleId: 'has-been-read',
  register(registry) {
    registry.registerInit({
      deps: {
        auth: coreServices.auth,
        catalog: catalogServiceRef,
        lifecycle: coreServices.rootLifecycle,
        logger: coreServices.logger,
      },
      async init({ auth, catalog, lifecycle, logger }) {
        lifecycle.addStartupHook(async () => {
          const credentials = await auth.getOwnServiceCredentials();
          const deadline = performance.now() + TIMEOUT_MS;
          const isComplete = async () => {
            const { items } = await catalog.getEntitiesByRefs(
              { entityRefs: NEEDED },
              { credentials },
            );
            return items.every(entity => entity !== undefined);
          };
          while (!(await isComplete())) {
            if (performance.now() > deadline) {
              throw new Error(
                'The catalog has not read catalog.yaml within a minute; look for its errors above.',
              );
            }
            await later(INTERVAL_MS);
          }
          logger.info('The catalog has been read');
        });
      },
    });
  },
});
