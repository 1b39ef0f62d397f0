import {
  mockCredentials,
  mockServices,
  startTestBackend,
} from '@backstage/backend-test-utils';
import kubernetesPlugin from '@backstage/plugin-kubernetes-backend';
import { catalogServiceMock } from '@backstage/plugin-catalog-node/testUtils';
import type { Clock } from '../clock';
import { kubernetesModuleWithClock } from '../module';
import { HeldClock } from './HeldClock';

const WEB = {
  apiVersion: 'backstage.io/v1alpha1',
  kind: 'Component',
  metadata: { name: 'web', namespace: 'default' },
};

/** Lets other requests run between the beginning of one and its credential. */
const slowCatalog = catalogServiceMock.mock({
  getEntityByRef: async () => {
    await new Promise(setImmediate);
    return WEB;
  },
});

interface Clusters {
  [name: string]: object;
}

/** Starts a Backstage with the Kubernetes plugin and our module. */
export async function kubernetes(
  clusters: Clusters,
  clusterAuth: object,
  logger = mockServices.logger.mock(),
  // What is waited for has come, or a test lets the time pass: a busy machine decides nothing.
  clock: Clock = new HeldClock(),
) {
  const data = {
    clusterAuth,
    kubernetes: {
      serviceLocatorMethod: { type: 'multiTenant' },
      objectTypes: ['pods'],
      clusterLocatorMethods: [
        {
          type: 'config',
          clusters: Object.entries(clusters).map(([name, cluster]) => ({
            name,
            skipMetricsLookup: true,
            ...cluster,
          })),
        },
      ],
    },
  };
  const { server } = await startTestBackend({
    features: [
      kubernetesPlugin,
      kubernetesModuleWithClock(clock),
      slowCatalog.factory,
      mockServices.rootConfig.factory({ data }),
      logger.factory,
    ],
  });
  const url = `http://localhost:${server.port()}/api/kubernetes`;
  async function items(asker: string, auth: object): Promise<ClusterItem[]> {
    const answer = await fetch(`${url}/services/web`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: authorizationOf(asker),
      },
      body: JSON.stringify({
        auth,
        entity: WEB,
      }),
    });
    const body = await answer.json();
    expect([answer.status, body.error]).toEqual([200, undefined]);
    return body.items;
  }
  return {
    async objects(asker: string, auth: object = {}) {
      return new Map<string, { pods: string[]; errors: string[] }>(
        (await items(asker, auth)).map(item => [item.cluster.name, seen(item)]),
      );
    },
    async explanations(asker: string) {
      const errors = (await items(asker, {})).flatMap(item => item.errors);
      return errors.map(error => error.clusterAuth);
    },
    async proxied(asker: string, cluster: string) {
      const answer = await fetch(
        `${url}/proxy/api/v1/namespaces/team/pods/web/log`,
        {
          headers: {
            'backstage-kubernetes-cluster': cluster,
            authorization: authorizationOf(asker),
          },
        },
      );
      return { status: answer.status, body: await answer.json() };
    },
  };
}

function authorizationOf(asker: string): string {
  return asker.startsWith('user:')
    ? mockCredentials.user.header(asker)
    : mockCredentials.service.header({
        onBehalfOf: mockCredentials.service(asker),
        targetPluginId: 'kubernetes',
      });
}

interface ClusterItem {
  cluster: { name: string };
  errors: {
    message?: string;
    errorType: string;
    clusterAuth?: { cluster: string; code?: string };
  }[];
  resources: { resources: { metadata: { name: string } }[] }[];
}

function seen({ errors, resources }: ClusterItem) {
  return {
    errors: errors.map(error => error.message ?? error.errorType),
    pods: resources.flatMap(each =>
      each.resources.map(({ metadata }) => metadata.name),
    ),
  };
}
