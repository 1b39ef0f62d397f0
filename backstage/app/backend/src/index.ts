import { createBackend } from '@backstage/backend-defaults';

import { catalogHasBeenRead } from './catalogHasBeenRead';

const backend = createBackend();
backend.add(import('@backstage/plugin-app-backend'));
backend.add(import('@backstage/plugin-auth-backend'));
backend.add(import('@backstage/plugin-auth-backend-module-oidc-provider'));
backend.add(import('@backstage/plugin-catalog-backend'));
backend.add(catalogHasBeenRead);
backend.add(import('@backstage/plugin-kubernetes-backend'));
backend.add(
  import(
    '@backstage-oidc-helper/plugin-kubernetes-backend-module-cluster-auth'
  ),
);
backend.add(import('@backstage-oidc-helper/plugin-cluster-auth-backend'));
backend.start();
