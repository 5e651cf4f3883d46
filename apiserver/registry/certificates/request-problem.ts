import type { Pkcs10CertificateRequest } from '@peculiar/x509';
import { base64ToBytes } from '../../../api/meta/base64.ts';

const pemBlock = /-----BEGIN ([^-]*)-----\s*([A-Za-z0-9+/=\s]*?)\s*-----END \1-----/;

/** Why the PEM text in `spec.request`, in base64, is no request that its own key has signed; undefined: it is one. */
export async function requestProblem(request: string): Promise<string | undefined> {
  const pem = new TextDecoder().decode(base64ToBytes(request));
  const [, type, body = ''] = pemBlock.exec(pem) ?? [];
  if (type !== 'CERTIFICATE REQUEST') return 'PEM block type must be CERTIFICATE REQUEST';
  // not before somebody asks for a certificate: it is large
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  let parsed: Pkcs10CertificateRequest;
  try {
    parsed = new x509.Pkcs10CertificateRequest(base64ToBytes(body.replaceAll(/\s/g, '')));
  } catch {
    return 'asn1: structure error: malformed certificate request';
  }
  const signed = await parsed.verify().catch(() => false);
  return signed ? undefined : 'x509: invalid signature: it does not match the key in the request';
}
