import 'reflect-metadata'; // @peculiar/x509 needs it to be there first
import * as x509 from '@peculiar/x509';

const plain = (serial: string): string => serial.toLowerCase().replace(/^0+(?=.)/, '');

/** Serial numbers that a certificate revocation list (DER or PEM) names. Throws where it is none. */
export function revokedSerials(content: Buffer): ReadonlySet<string> {
  const pem = content.toString('latin1').includes('-----BEGIN');
  const list = new x509.X509Crl(pem ? content.toString('latin1') : new Uint8Array(content));
  // without it (RFC 5280, 5.1.2.5, wants it) the parser would take the entries for something else, and find none
  if (list.nextUpdate === undefined) throw new Error('a certificate revocation list must say when the next one comes');
  return new Set(list.entries.map(({ serialNumber }) => plain(serialNumber)));
}

export const isRevoked = (serials: ReadonlySet<string>, serial: string): boolean => serials.has(plain(serial));
