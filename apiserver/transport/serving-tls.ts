import { X509Certificate } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';

/** One certificate for some names; '' and no names at all: whatever is asked for. */
export interface NamedCertificate {
  readonly cert: string;
  readonly key: string;
  /** `example.org`, `*.example.org`; absent: those of the certificate */
  readonly names?: readonly string[];
}

/** What the port shows, and what it speaks. Texts are PEM. */
export interface ServingTls {
  readonly cert: string;
  readonly key: string;
  /** for clients that ask by one of these names (SNI) */
  readonly sni?: readonly NamedCertificate[];
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** OpenSSL's names, with `:` between them */
  readonly ciphers?: string;
  /** new certificates, asked for now and then; undefined: nothing has changed */
  readonly renewed?: () => Renewed | undefined;
}

export interface Renewed {
  readonly cert: string;
  readonly key: string;
  readonly sni?: readonly NamedCertificate[];
  /** authorities of clients */
  readonly clientCa?: string;
  readonly requestHeaderCa?: string;
}

const sanName = /(?:^|, )(?:DNS|IP Address):([^,\s]+)/g;

/** The names that a certificate is for; its common name where it lists none. */
export function namesOf(cert: string): string[] {
  const { subjectAltName = '', subject } = new X509Certificate(cert);
  const listed = [...subjectAltName.matchAll(sanName)].map(([, name = '']) => name);
  if (listed.length > 0) return listed;
  return [/^CN=(.+)$/m.exec(subject)?.[1] ?? ''].filter((name) => name !== '');
}

/** Node's form of it. `authorities`: of clients; none: no client is known by its certificate. */
export function secureContext(
  { cert, key }: { readonly cert: string; readonly key: string },
  { minVersion, ciphers }: ServingTls,
  authorities: readonly string[],
): SecureContextOptions {
  return { cert, key, ca: [...authorities], minVersion: minVersion ?? 'TLSv1.2', ...(ciphers && { ciphers }) };
}
