import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../idp/loopback.mjs';
import { startProcess } from '../idp/started-process.mjs';

const CLIENT_ID = 'backstage';
const CLIENT_SECRET = 'a secret for tests';

/**
 * A Backstage and its identity provider, each a process of its own.
 *
 * @param {string} clusterAuthUrl
 * @param {string[]} [more] arguments of backstage.mjs
 */
export async function startBackstage(clusterAuthUrl, more = []) {
  const keysDirectory = await mkdtemp(join(tmpdir(), 'backstage-'));
  // The identity provider must know Backstage's port before Backstage has it.
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const idp = await startProcess('idp.mjs', [
    '--extra-client-id', CLIENT_ID, '--extra-client-secret', CLIENT_SECRET,
    '--extra-redirect', `${url}/api/auth/oidc/handler/frame`,
  ]);
  const backstage = await startProcess('../backstage/backstage.mjs', [
    '--port', String(port), '--idp-issuer', idp.announcement.issuer, '--client-id', CLIENT_ID,
    '--client-secret', CLIENT_SECRET, '--keys-dir', keysDirectory, '--cluster-auth-url', clusterAuthUrl, ...more,
  ]);
  const stop = async () => {
    const codes = [await backstage.stop(), await idp.stop()];
    await rm(keysDirectory, { recursive: true });
    return codes;
  };
  return { announcement: backstage.announcement, stdout: backstage.stdout, url, keysDirectory, stop };
}
