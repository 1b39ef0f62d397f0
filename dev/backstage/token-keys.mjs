import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { exportPKCS8, exportSPKI, generateKeyPair } from 'jose';

/** The `kid` of a key that signs tokens: of users' tokens, and where it is given, of plugins' tokens too. */
export const KEY_ID = 'development';

/**
 * The files of a key pair that signs tokens; made when they are not there.
 *
 * @param {string} directory
 * @returns {Promise<{publicKeyFile: string, privateKeyFile: string}>} PEM, SPKI and PKCS #8
 */
export async function tokenKeys(directory) {
  const files = { publicKeyFile: join(directory, 'public.pem'), privateKeyFile: join(directory, 'private.pem') };
  await mkdir(directory, { recursive: true });
  if (!(await exists(files.publicKeyFile)) || !(await exists(files.privateKeyFile))) {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    await writeFile(files.publicKeyFile, await exportSPKI(publicKey));
    await writeFile(files.privateKeyFile, await exportPKCS8(privateKey), { mode: 0o600 });
  }
  return files;
}

/** @param {string} file */
async function exists(file) {
  try {
    await readFile(file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return false;
    }
    throw error;
  }
}
