import { environment } from './environment.mjs';

/**
 * Restarts the backend; logins in Redis are kept.
 *
 * @param {Record<string, string>} settings additional ones until the next restart
 */
export async function restartBackend(settings) {
  await environment.backend.stop();
  environment.backendSettings = settings;
  await environment.backend.start();
}
