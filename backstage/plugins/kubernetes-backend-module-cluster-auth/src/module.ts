import {
  coreServices,
  createBackendModule,
} from '@backstage/backend-plugin-api';
import {
  kubernetesAuthStrategyExtensionPoint,
  kubernetesFetcherExtensionPoint,
} from '@backstage/plugin-kubernetes-node';
import { Absences } from './Absences';
import { boundedFetcher } from './boundedFetcher';
import { builtInAuthStrategies } from './builtInAuthStrategies';
import { Callers } from './Callers';
import { type Clock, systemClock } from './clock';
import { ClusterAuthClient } from './ClusterAuthClient';
import { ClusterAuthStrategy } from './ClusterAuthStrategy';
import { Explanations } from './Explanations';
import { explainingFetcher } from './explainingFetcher';
import { Troubles } from './Troubles';

/** The module, with a clock that tests hold. */
export const kubernetesModuleWithClock = (clock: Clock) =>
  createBackendModule({
    pluginId: 'kubernetes',
    moduleId: 'cluster-auth',
    register(env) {
      env.registerInit({
        deps: {
          auth: coreServices.auth,
          config: coreServices.rootConfig,
          discovery: coreServices.discovery,
          fetcher: kubernetesFetcherExtensionPoint,
          httpAuth: coreServices.httpAuth,
          httpRouter: coreServices.httpRouter,
          logger: coreServices.logger,
          strategies: kubernetesAuthStrategyExtensionPoint,
        },
        async init({
          auth,
          config,
          discovery,
          fetcher,
          httpAuth,
          httpRouter,
          logger,
          strategies,
        }) {
          const callers = new Callers(httpAuth, clock);
          const explanations = new Explanations();
          const client = ClusterAuthClient.fromConfig(config, {
            auth,
            discovery,
            clock,
          });
          // A module's routes run before those of its plugin, so each request passes here first.
          httpRouter.use(callers.middleware());

          const own = config.getOptionalConfig('clusterAuth.kubernetes');
          if (own?.getOptionalBoolean('builtInAuthStrategies') ?? true) {
            // Backstage removes its own strategies once one is added.
            for (const [key, strategy] of builtInAuthStrategies(
              config,
              logger,
            )) {
              strategies.addAuthStrategy(key, strategy);
            }
          }
          strategies.addAuthStrategy(
            'clusterauth',
            new ClusterAuthStrategy({
              absences: new Absences(clock),
              callers,
              client,
              explanations,
              troubles: new Troubles(clock, logger),
            }),
          );
          if (own?.getOptionalBoolean('explainingFetcher') ?? true) {
            fetcher.addFetcher(async ({ getDefault }) => {
              const bounded = boundedFetcher(await getDefault(), {
                callers,
                clock,
              });
              return explainingFetcher(bounded, explanations);
            });
          }
        },
      });
    },
  });

/**
 * Adds the auth strategy `clusterauth` to the Kubernetes backend: Backstage's requests to such a cluster are made as the
 * signed-in user, with the ID token that the cluster-auth backend keeps for them.
 *
 * @public
 */
export const kubernetesModuleClusterAuth =
  kubernetesModuleWithClock(systemClock);
