import ReactDOM from 'react-dom/client';

import '@backstage/ui/css/styles.css';
import { createApp } from '@backstage/frontend-defaults';
import clusterAuthPlugin from '@backstage-oidc-helper/plugin-cluster-auth';
import authPlugin from '@backstage/plugin-auth';
import catalogPlugin from '@backstage/plugin-catalog/alpha';
import kubernetesPlugin from '@backstage/plugin-kubernetes/alpha';
import userSettingsPlugin from '@backstage/plugin-user-settings/alpha';

import { signIn } from './signIn';

const app = createApp({
  features: [
    // First, as an app with `app.packages: all` finds it.
    clusterAuthPlugin,
    authPlugin,
    catalogPlugin,
    kubernetesPlugin,
    userSettingsPlugin,
    signIn,
  ],
});

const root = document.getElementById('root');
if (!root) {
  throw new Error('The page has no #root; look at public/index.html.');
}
ReactDOM.createRoot(root).render(app.createRoot());
