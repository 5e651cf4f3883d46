import 'reflect-metadata'; // @peculiar/x509 needs it to be there first
import * as x509 from '@peculiar/x509';
import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto';

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

/** PEM texts of who signs. */
export interface SigningAuthority {
  readonly cert: string;
  readonly key: string;
}

export interface SigningOrder {
  readonly request: x509.Pkcs10CertificateRequest;
  readonly usages: readonly string[];
  readonly seconds: number;
  readonly nowMs: number;
}

/** for clocks that differ a little */
const backdateMs = 5 * 60_000;
/** of a certificate that lives shorter, five minutes less at the end would be felt */
const shortMs = 8 * 3_600_000;
const san = '2.5.29.17';

const flags = x509.KeyUsageFlags;
const keyUsages: Readonly<Record<string, number>> = {
  signing: flags.digitalSignature,
  'digital signature': flags.digitalSignature,
  'content commitment': flags.nonRepudiation,
  'key encipherment': flags.keyEncipherment,
  'key agreement': flags.keyAgreement,
  'data encipherment': flags.dataEncipherment,
  'cert sign': flags.keyCertSign,
  'crl sign': flags.cRLSign,
  'encipher only': flags.encipherOnly,
  'decipher only': flags.decipherOnly,
};
const extended: Readonly<Record<string, string>> = {
  any: '2.5.29.37.0',
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
  'code signing': '1.3.6.1.5.5.7.3.3',
  'email protection': '1.3.6.1.5.5.7.3.4',
  's/mime': '1.3.6.1.5.5.7.3.4',
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: '1.3.6.1.5.5.7.3.8',
  'ocsp signing': '1.3.6.1.5.5.7.3.9',
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3',
  'netscape sgc': '2.16.840.1.113730.4.1',
};

interface SigningAlgorithm {
  readonly name: string;
  readonly hash: string;
  readonly namedCurve?: string;
}

const curves: Readonly<Record<string, readonly [curve: string, hash: string]>> = {
  prime256v1: ['P-256', 'SHA-256'],
  secp384r1: ['P-384', 'SHA-384'],
  secp521r1: ['P-521', 'SHA-512'],
};

async function importKey(pem: string): Promise<{ key: webcrypto.CryptoKey; algorithm: SigningAlgorithm }> {
  const key = createPrivateKey(pem);
  const der = key.export({ type: 'pkcs8', format: 'der' });
  const [curve, hash] = curves[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? [undefined, 'SHA-256'];
  if (curve === undefined && key.asymmetricKeyType !== 'rsa') {
    throw new Error(`a key of type ${key.asymmetricKeyType} cannot sign certificates here: use RSA or EC`);
  }
  const algorithm =
    curve === undefined ? { name: 'RSASSA-PKCS1-v1_5', hash } : { name: 'ECDSA', namedCurve: curve, hash };
  return { key: await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']), algorithm };
}

function usageExtensions(usages: readonly string[]): x509.Extension[] {
  const unknown = usages.filter((usage) => !Object.hasOwn(keyUsages, usage) && !Object.hasOwn(extended, usage));
  if (unknown.length > 0) throw new Error(`unrecognized usage values: [${unknown.map((one) => `"${one}"`).join(' ')}]`);
  const bits = usages.reduce((sum, usage) => sum | (keyUsages[usage] ?? 0), 0);
  const purposes = [...new Set(usages.flatMap((usage) => extended[usage] ?? []))].sort();
  return [
    ...(bits === 0 ? [] : [new x509.KeyUsagesExtension(bits, true)]),
    ...(purposes.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension(purposes)]),
  ];
}

function validity(
  { seconds, nowMs }: SigningOrder,
  authority: x509.X509Certificate,
): { notBefore: Date; notAfter: Date } {
  const lastMs = authority.notAfter.getTime();
  if (nowMs >= lastMs) throw new Error(`the signer has expired: NotAfter=${authority.notAfter.toISOString()}`);
  const lifeMs = seconds * 1000;
  const endMs = nowMs + lifeMs - (lifeMs < shortMs ? 0 : backdateMs);
  return { notBefore: new Date(nowMs - backdateMs), notAfter: new Date(Math.min(endMs, lastMs)) };
}

function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01; // positive, and never a leading zero
  return bytes.toString('hex');
}

/** The certificate that was asked for, as PEM. Throws where the request is not signed by its own key, or asks for nonsense. */
export async function signCertificate(authority: SigningAuthority, order: SigningOrder): Promise<string> {
  const { request, usages } = order;
  if (!(await request.verify())) throw new Error('unable to verify certificate request signature');
  const issuer = new x509.X509Certificate(authority.cert);
  const { key, algorithm } = await importKey(authority.key);
  const names = request.getExtension(san);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: request.subjectName,
    issuer: issuer.subjectName,
    ...validity(order, issuer),
    signingAlgorithm: algorithm,
    publicKey: request.publicKey,
    signingKey: key,
    extensions: [
      ...usageExtensions(usages),
      new x509.BasicConstraintsExtension(false, undefined, true),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...(names instanceof x509.SubjectAlternativeNameExtension ? [names] : []),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}
