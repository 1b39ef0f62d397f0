import 'reflect-metadata';

import { KeyObject, webcrypto } from 'node:crypto';

import * as x509 from '@peculiar/x509';

const KEY = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const MINUTE = 60 * 1000;
const DAY = 24 * 60 * MINUTE;

/**
 * Makes a certificate authority and a server certificate for this machine. The authority's private key is not kept.
 *
 * @param {Date} now
 * @returns {Promise<{authority: string, certificate: string, key: string}>} PEM
 */
export async function issueCertificates(now) {
  const authorityKeys = await generateKeys();
  const serverKeys = await generateKeys();
  const validity = { notBefore: new Date(now.getTime() - 5 * MINUTE), notAfter: new Date(now.getTime() + 30 * DAY) };
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    name: 'CN=Development cluster authority',
    keys: authorityKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  });
  const certificate = await x509.X509CertificateGenerator.create({
    ...validity,
    subject: 'CN=Development cluster',
    issuer: authority.subject,
    publicKey: serverKeys.publicKey,
    signingKey: authorityKeys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: '::1' },
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  });
  const key = KeyObject.from(serverKeys.privateKey).export({ type: 'pkcs8', format: 'pem' });
  return { authority: authority.toString('pem'), certificate: certificate.toString('pem'), key: key.toString() };
}

function generateKeys() {
  return webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify']);
}
