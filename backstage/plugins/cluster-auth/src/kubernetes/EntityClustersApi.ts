import { type Entity, stringifyEntityRef } from '@backstage/catalog-model';
import { createApiRef } from '@backstage/frontend-plugin-api';
import type { ObjectsByEntityResponse } from '@backstage/plugin-kubernetes-common';

import { LiveValue, SettableValue } from '../LiveValue';
import { type BlankCluster, blankCluster } from './blankCluster';

/** The last answer of the Kubernetes plugin about an entity. */
export interface EntityClusters {
  /** The clusters of the entity that cannot be asked as this user. */
  blank: BlankCluster[];
  /** Whether the answer has other clusters, too. */
  hasOthers: boolean;
}

/** Which clusters of an entity the Kubernetes tab has to say something about. */
export interface EntityClustersApi {
  /** Nothing before the first answer. */
  of(entity: Entity): LiveValue<EntityClusters | undefined>;
  /** Notes an answer. Returns it without the blank clusters where they are shown otherwise. */
  note(
    entity: Entity,
    answer: ObjectsByEntityResponse,
  ): ObjectsByEntityResponse;
  /** Drops the last answer, when the tab is left. */
  forget(entity: Entity): void;
}

/** The {@link EntityClustersApi} of the app. */
export const entityClustersApiRef = createApiRef<EntityClustersApi>({
  id: 'plugin.cluster-auth.entity-clusters',
});

/** Keeps the last answers of this page. */
export class PageEntityClusters implements EntityClustersApi {
  private readonly values = new Map<
    string,
    SettableValue<EntityClusters | undefined>
  >();

  of(entity: Entity): SettableValue<EntityClusters | undefined> {
    const ref = stringifyEntityRef(entity);
    const known =
      this.values.get(ref) ??
      new SettableValue<EntityClusters | undefined>(undefined);
    this.values.set(ref, known);
    return known;
  }

  note(
    entity: Entity,
    answer: ObjectsByEntityResponse,
  ): ObjectsByEntityResponse {
    const blank = answer.items.flatMap(item => blankCluster(item) ?? []);
    const others = answer.items.filter(item => !blankCluster(item));
    const value = this.of(entity);
    value.set({ blank, hasOthers: others.length > 0 });
    // Where nothing else says it, such as in other plugins, the stock error must stay.
    return value.isWatched ? { ...answer, items: others } : answer;
  }

  forget(entity: Entity) {
    this.of(entity).set(undefined);
  }
}
