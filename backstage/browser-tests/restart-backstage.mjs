import { environment } from './environment.mjs';

/**
 * Restarts Backstage and the backend, which would fetch a new Backstage's keys at most every 30 seconds.
 *
 * @param {Record<string, string>} settings of Backstage's until the next restart
 */
export async function restartBackstage(settings) {
  await environment.backstage.stop();
  await environment.backend.stop();
  environment.backstageSettings = settings;
  await Promise.all([environment.backstage.start(), environment.backend.start()]);
}

/**
 * @param {string} name of the development cluster in Backstage
 * @returns {Record<string, string>} settings with it as the only cluster
 */
export function withOneCluster(name) {
  const { url, caFile } = environment.cluster.running;
  const cluster = { name, title: 'Development', url, caFile, authProvider: 'clusterauth', skipMetricsLookup: true };
  return { APP_CONFIG_kubernetes_clusterLocatorMethods: JSON.stringify([{ type: 'config', clusters: [cluster] }]) };
}
