import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../../dev/idp/loopback.mjs';
import { inRepository } from '../../dev/setup/repository.mjs';
import { listening, pidOf, serverProgram } from './program.mjs';

/** Debian's. */
const MODULES = '/usr/lib/apache2/modules';
const LOADED = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'headers', 'auth_openidc'];

/** The page that it guards. */
export const GUARDED = '/guarded.txt';

/**
 * Apache with mod_auth_openidc and its sessions in Redis: it guards one small file.
 *
 * @param {string} issuer
 * @param {number} redis its port
 * @returns {Promise<import('./peer.mjs').Peer>}
 */
export async function startApache(issuer, redis) {
  const port = await freePort();
  // Apache's own user has to read it, so it is not in the checkout, which may be in a private folder.
  const documents = await mkdtemp(join(tmpdir(), 'bench-apache-'));
  await chmod(documents, 0o755);
  await writeFile(join(documents, GUARDED), 'guarded\n');
  const folder = inRepository('target/bench/apache');
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'httpd.conf');
  await writeFile(file, configuration({ port, documents, folder, issuer, redis }));
  const program = serverProgram('apache', ['apache2', '-d', folder, '-f', file, '-D', 'FOREGROUND']);
  await listening(program, port);
  const stop = async () => {
    await program.stop();
    await rm(documents, { recursive: true });
  };
  return { url: `http://127.0.0.1:${port}`, pid: pidOf(program), stop };
}

/** @param {{port: number, documents: string, folder: string, issuer: string, redis: number}} at */
function configuration({ port, documents, folder, issuer, redis }) {
  return `${LOADED.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n')}
User www-data
Group www-data
ServerName 127.0.0.1
Listen 127.0.0.1:${port}
PidFile ${folder}/httpd.pid
DefaultRuntimeDir ${folder}
Mutex pthread default
ErrorLog ${folder}/error.log
KeepAlive On
MaxKeepAliveRequests 0
StartServers 1
ServerLimit 1
ThreadLimit 128
ThreadsPerChild 128
MaxRequestWorkers 128
DocumentRoot ${documents}
OIDCProviderMetadataURL ${issuer}.well-known/openid-configuration
OIDCProviderTokenEndpointAuth none
OIDCClientID kubernetes
OIDCRedirectURI http://127.0.0.1:${port}/callback
OIDCCryptoPassphrase bench
OIDCPKCEMethod S256
OIDCSessionType server-cache
OIDCCacheType redis
OIDCRedisCacheServer 127.0.0.1:${redis}
<Location />
  AuthType openid-connect
  Require valid-user
</Location>
`;
}
