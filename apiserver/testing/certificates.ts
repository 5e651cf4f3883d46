import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { systemClock } from '../../base/clock.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMs = 24 * 3600 * 1000;

export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

async function pemOfKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${der.replaceAll(/.{1,64}/g, '$&\n')}-----END PRIVATE KEY-----\n`;
}

/** An authority for the time of a test. */
export class TestCa {
  readonly cert: string;
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #certificate: x509.X509Certificate;
  #serial = 1;

  constructor(keys: webcrypto.CryptoKeyPair, certificate: x509.X509Certificate) {
    this.#keys = keys;
    this.#certificate = certificate;
    this.cert = certificate.toString('pem');
  }

  static async make(name = 'CN=kuorum test CA'): Promise<TestCa> {
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const now = systemClock.nowMs();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: '01',
      name,
      keys,
      notBefore: new Date(now - dayMs),
      notAfter: new Date(now + dayMs),
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      ],
    });
    return new TestCa(keys, certificate);
  }

  /** `O=system:masters,CN=admin`; for loopback, and for `names`. */
  async issue(subject: string, names: readonly string[] = []): Promise<KeyPair> {
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const now = systemClock.nowMs();
    this.#serial++;
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: this.#serial.toString(16).padStart(4, '0'),
      subject,
      issuer: this.#certificate.subject,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      notBefore: new Date(now - dayMs),
      notAfter: new Date(now + dayMs),
      signingAlgorithm: algorithm,
      extensions: [
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth, x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([
          { type: 'dns', value: 'localhost' },
          { type: 'ip', value: '127.0.0.1' },
          ...names.map((value) => ({ type: 'dns' as const, value })),
        ]),
      ],
    });
    return { cert: certificate.toString('pem'), key: await pemOfKey(keys.privateKey) };
  }
}
