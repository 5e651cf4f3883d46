import 'reflect-metadata'; // @peculiar/x509 needs it to be there first
import * as x509 from '@peculiar/x509';
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { systemClock } from '../../base/clock.ts';

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 24 * 3_600_000;
/** for clocks that differ a little */
const backdateMs = 5 * 60_000;

/** PEM texts of a certificate and its key. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** Who a certificate is for. `organizations` are Kubernetes groups, `names` host names and addresses. */
export interface Subject {
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly names?: readonly string[];
  readonly usages: readonly ('client' | 'server')[];
}

const distinguishedName = ({ commonName, organizations = [] }: Subject): Record<string, string[]>[] => [
  ...organizations.map((organization) => ({ O: [organization] })),
  { CN: [commonName] },
];

const pem = (label: string, der: ArrayBuffer): string => {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
};

const serialNumber = (): string => {
  const bytes = Buffer.from(webcrypto.getRandomValues(new Uint8Array(16)));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01; // positive, and never a leading zero
  return bytes.toString('hex');
};

async function newKeys(): Promise<{ keys: webcrypto.CryptoKeyPair; keyPem: string }> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  return { keys, keyPem: pem('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)) };
}

function validity(days: number): { notBefore: Date; notAfter: Date } {
  const now = systemClock.nowMs();
  return { notBefore: new Date(now - backdateMs), notAfter: new Date(now + days * dayMs) };
}

/** A certificate authority of its own. */
export async function createCa(commonName: string, days: number): Promise<KeyPair> {
  const { keys, keyPem } = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: distinguishedName({ commonName, usages: [] }),
    ...validity(days),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: `${certificate.toString('pem')}\n`, key: keyPem };
}

const usageOids = { client: '1.3.6.1.5.5.7.3.2', server: '1.3.6.1.5.5.7.3.1' } as const;

/** A certificate for `subject`, signed by `ca`. */
export async function issueCertificate(ca: KeyPair, subject: Subject, days: number): Promise<KeyPair> {
  const issuer = new x509.X509Certificate(ca.cert);
  const signingKey = await webcrypto.subtle.importKey(
    'pkcs8',
    Buffer.from(ca.key.replace(/-----[^-]+-----|\s/g, ''), 'base64'),
    algorithm,
    false,
    ['sign'],
  );
  const { keys, keyPem } = await newKeys();
  const names = (subject.names ?? []).map((value) => ({
    type: isIP(value) ? ('ip' as const) : ('dns' as const),
    value,
  }));
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: distinguishedName(subject),
    issuer: issuer.subjectName.toJSON(),
    ...validity(days),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension(subject.usages.map((usage) => usageOids[usage])),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  return { cert: `${certificate.toString('pem')}\n`, key: keyPem };
}
