import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate } from 'node:tls';

/** More certificates than this between a client and its authority are not looked through. */
const chainLengthMax = 8;

const pemBlock = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g;

/** Certificates of a bundle of authorities. */
export const authoritiesOf = (pem: string): X509Certificate[] =>
  (pem.match(pemBlock) ?? []).map((block) => new X509Certificate(block));

const signedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
  certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);

/**
 * Whether one of `authorities` vouches for a client's certificate, directly or through those that the client has sent. TLS
 * knows only that *some* authority of the port does. Each signature is checked: what a client sends along proves nothing.
 */
export function chainsTo(certificate: DetailedPeerCertificate, authorities: readonly X509Certificate[]): boolean {
  let current: DetailedPeerCertificate | undefined = certificate;
  let parsed = new X509Certificate(certificate.raw);
  for (let step = 0; step < chainLengthMax; step++) {
    const own = parsed;
    if (authorities.some((authority) => authority.raw.equals(own.raw) || signedBy(own, authority))) return true;
    const above: DetailedPeerCertificate | undefined = current.issuerCertificate;
    if (above === undefined || above === current || above.raw === undefined) return false;
    const issuer = new X509Certificate(above.raw);
    if (!issuer.ca || !signedBy(own, issuer)) return false;
    [current, parsed] = [above, issuer];
  }
  return false;
}
