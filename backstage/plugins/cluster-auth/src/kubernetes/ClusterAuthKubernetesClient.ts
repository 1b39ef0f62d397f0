import type {
  CustomObjectsByEntityRequest,
  KubernetesRequestBody,
  ObjectsByEntityResponse,
  WorkloadsByEntityRequest,
} from '@backstage/plugin-kubernetes-common';
import { KubernetesBackendClient } from '@backstage/plugin-kubernetes-react';

import { blankCluster } from './blankCluster';
import type { EntityClustersApi } from './EntityClustersApi';
import type { LoginPrompt } from './LoginPrompt';

type Options = ConstructorParameters<typeof KubernetesBackendClient>[0];

/** The stock client. It notes the clusters of an entity that lack a login, and asks for it. */
export class ClusterAuthKubernetesClient extends KubernetesBackendClient {
  private readonly entityClusters: EntityClustersApi;
  private readonly loginPrompt: LoginPrompt;

  constructor(
    options: Options & {
      entityClusters: EntityClustersApi;
      loginPrompt: LoginPrompt;
    },
  ) {
    super(options);
    this.entityClusters = options.entityClusters;
    this.loginPrompt = options.loginPrompt;
  }

  async getObjectsByEntity(
    request: KubernetesRequestBody,
  ): Promise<ObjectsByEntityResponse> {
    const answer = this.prompted(await super.getObjectsByEntity(request));
    return this.entityClusters.note(request.entity, answer);
  }

  async getWorkloadsByEntity(
    request: WorkloadsByEntityRequest,
  ): Promise<ObjectsByEntityResponse> {
    return this.prompted(await super.getWorkloadsByEntity(request));
  }

  async getCustomObjectsByEntity(
    request: CustomObjectsByEntityRequest,
  ): Promise<ObjectsByEntityResponse> {
    return this.prompted(await super.getCustomObjectsByEntity(request));
  }

  /** Asks for a login at those clusters of the answer that lack one, and at no others. */
  private prompted(answer: ObjectsByEntityResponse): ObjectsByEntityResponse {
    const unconnected = answer.items
      .flatMap(item => blankCluster(item) ?? [])
      .filter(({ code }) => code === 'not_connected');
    this.loginPrompt.askFor(unconnected.map(({ cluster }) => cluster));
    return answer;
  }
}
