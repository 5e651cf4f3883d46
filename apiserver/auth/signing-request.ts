import { messageOf } from '../../base/message-of.ts';

export interface SigningRequestSubject {
  readonly commonName: string;
  readonly organizations: readonly string[];
}

/** Who a certificate is asked for. `encoded` is a CertificateSigningRequest's `spec.request`: PEM in base64. */
export async function parseSigningRequest(
  encoded: string,
): Promise<SigningRequestSubject | { readonly problem: string }> {
  const pem = Buffer.from(encoded, 'base64').toString('latin1');
  const block = /-----BEGIN CERTIFICATE REQUEST-----([\s\S]*?)-----END CERTIFICATE REQUEST-----/.exec(pem);
  if (block === null) return { problem: 'PEM block type must be CERTIFICATE REQUEST' };
  // not before somebody asks for a certificate: it is large
  await import('reflect-metadata');
  const { Pkcs10CertificateRequest } = await import('@peculiar/x509');
  try {
    const { subjectName } = new Pkcs10CertificateRequest(Buffer.from(block[1] ?? '', 'base64'));
    return { commonName: subjectName.getField('CN').at(-1) ?? '', organizations: subjectName.getField('O') };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}
