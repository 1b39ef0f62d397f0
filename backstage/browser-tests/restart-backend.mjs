import { environment } from './environment.mjs';

/**
 * Starts the backend again; in Redis, logins stay.
 *
 * @param {Record<string, string>} settings that it has on top until the next time
 */
export async function restartBackend(settings) {
  await environment.backend.stop();
  environment.backendSettings = settings;
  await environment.backend.start();
}
