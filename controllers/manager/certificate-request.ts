import 'reflect-metadata'; // @peculiar/x509 needs it to be there first
import { Pkcs10CertificateRequest, SubjectAlternativeNameExtension } from '@peculiar/x509';

/** What a certificate is asked for, as the request for it says. */
export interface RequestedCertificate {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly emails: readonly string[];
  readonly uris: readonly string[];
}

const san = '2.5.29.17';

/** The request in a CertificateSigningRequest's `spec.request`: PEM in base64. Throws where it is none. */
export function parseCertificateRequest(encoded: string): Pkcs10CertificateRequest {
  const pem = Buffer.from(encoded, 'base64').toString('latin1');
  const block = /-----BEGIN CERTIFICATE REQUEST-----([\s\S]*?)-----END CERTIFICATE REQUEST-----/.exec(pem);
  if (block === null) throw new Error('PEM block type must be CERTIFICATE REQUEST');
  return new Pkcs10CertificateRequest(Buffer.from(block[1] ?? '', 'base64'));
}

export function requestedCertificate(request: Pkcs10CertificateRequest): RequestedCertificate {
  const extension = request.getExtension(san);
  const names = extension instanceof SubjectAlternativeNameExtension ? extension.names.items : [];
  const of = (type: string): string[] => names.filter((name) => name.type === type).map(({ value }) => value);
  return {
    commonName: request.subjectName.getField('CN').at(-1) ?? '',
    organizations: request.subjectName.getField('O'),
    dnsNames: of('dns'),
    ipAddresses: of('ip'),
    emails: of('email'),
    uris: of('url'),
  };
}
