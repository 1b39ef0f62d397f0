import type { Status } from '../api/ClusterAuthApi';

/**
 * Tells the browser extension what its popup shows (protocol: "Page and extension"). Scripts of this page hear it, too, and could ask the
 * backend for it: there is no secret in it, nor the account's name.
 */
export function tellExtension(
  { clusters }: Status,
  options: { page: Window; randomId(): string },
) {
  const { page, randomId } = options;
  // The extension listens in the top frame only.
  if (page.top !== page) {
    return;
  }
  page.postMessage(
    {
      source: 'cluster-auth-page',
      type: 'state',
      id: randomId(),
      clusters: clusters.map(
        ({ name, title, connected, expiresAt, reason }) => ({
          name,
          title,
          connected,
          ...(expiresAt && { expiresAt }),
          ...(reason && { reason }),
        }),
      ),
    },
    page.location.origin,
  );
}
