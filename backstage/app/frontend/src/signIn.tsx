import { OAuth2 } from '@backstage/core-app-api';
import { SignInPage } from '@backstage/core-components';
import { oktaAuthApiRef } from '@backstage/core-plugin-api';
import {
  ApiBlueprint,
  configApiRef,
  createFrontendModule,
  discoveryApiRef,
  oauthRequestApiRef,
} from '@backstage/frontend-plugin-api';
import { SignInPageBlueprint } from '@backstage/plugin-app-react';

const TITLE = 'Development identity provider';

/**
 * The development identity provider, registered as Okta: `oidc` clusters of the stock Kubernetes plugin support only a few
 * providers by name.
 */
const identityProvider = ApiBlueprint.make({
  name: 'okta-auth',
  params: defineParams =>
    defineParams({
      api: oktaAuthApiRef,
      deps: {
        configApi: configApiRef,
        discoveryApi: discoveryApiRef,
        oauthRequestApi: oauthRequestApiRef,
      },
      factory: deps =>
        OAuth2.create({
          ...deps,
          environment: 'development',
          provider: { id: 'oidc', title: TITLE, icon: () => null },
          defaultScopes: ['openid', 'profile', 'email'],
        }),
    }),
});

const signInPage = SignInPageBlueprint.make({
  params: {
    loader: async () => props =>
      (
        <SignInPage
          {...props}
          provider={{
            id: 'oidc',
            title: TITLE,
            message: 'Sign in as felix or mara',
            apiRef: oktaAuthApiRef,
          }}
        />
      ),
  },
});

/** All users sign in at the development identity provider. */
export const signIn = createFrontendModule({
  pluginId: 'app',
  extensions: [identityProvider, signInPage],
});
