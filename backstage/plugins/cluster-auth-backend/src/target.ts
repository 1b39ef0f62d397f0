import type { RootConfigService } from '@backstage/backend-plugin-api';

/**
 * The target of all requests: `clusterAuth.backendUrl`.
 *
 * @throws when it is no http or https address without a path
 */
export function readTarget(config: RootConfigService): URL {
  const url = config.getString('clusterAuth.backendUrl');
  const target = URL.canParse(url) ? new URL(url) : undefined;
  const isOrigin =
    target !== undefined &&
    /^https?:$/.test(target.protocol) &&
    `${target.origin}/` === target.href;
  if (!isOrigin) {
    throw new Error(
      'clusterAuth.backendUrl must be an address such as http://cluster-auth:7008, without path, query or credentials; correct it.',
    );
  }
  return target;
}
