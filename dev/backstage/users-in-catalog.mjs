import { setTimeout as delay } from 'node:timers/promises';

import { coreServices, createBackendModule } from '@backstage/backend-plugin-api';
import { catalogServiceRef } from '@backstage/plugin-catalog-node';

const USERS = ['user:default/felix', 'user:default/mara'];
const INTERVAL_MS = 50;
const TIMEOUT_MS = 60_000;

/** Delays the end of the start until the catalog has read its users: before that, no user can sign in. The catalog has no event for it. */
export const usersInCatalog = createBackendModule({
  pluginId: 'catalog',
  moduleId: 'users-in-catalog',
  register(registry) {
    registry.registerInit({
      deps: { auth: coreServices.auth, catalog: catalogServiceRef, lifecycle: coreServices.rootLifecycle },
      async init({ auth, catalog, lifecycle }) {
        lifecycle.addStartupHook(async () => {
          const deadline = Date.now() + TIMEOUT_MS;
          const credentials = await auth.getOwnServiceCredentials();
          const missing = async () => {
            const { items } = await catalog.getEntitiesByRefs({ entityRefs: USERS }, { credentials });
            return items.some((entity) => !entity);
          };
          while (await missing()) {
            if (Date.now() > deadline) {
              throw new Error(`The catalog has not read ${USERS.join(' and ')} within a minute; look for its errors above.`);
            }
            await delay(INTERVAL_MS);
          }
        });
      },
    });
  },
});
