import type { ConfigApi, StorageApi } from '@backstage/core-plugin-api';

import type { ProvenHelper } from './LoginFlow';
import { readLoginSettings } from './settings';

/** Remembers it in this browser. An address that is not configured any more is ignored, so that no session token is sent there. */
export function rememberedHelper(
  storageApi: StorageApi,
  configApi: ConfigApi,
): ProvenHelper {
  const bucket = storageApi.forBucket('cluster-auth');
  const known: string[] = Object.values(readLoginSettings(configApi).helperUrls);
  return {
    get() {
      const { value } = bucket.snapshot<string>('provenHelper');
      return value !== undefined && known.includes(value) ? value : undefined;
    },
    set(helperUrl) {
      if (helperUrl === undefined) {
        bucket.remove('provenHelper');
      } else {
        bucket.set('provenHelper', helperUrl);
      }
    },
  };
}
