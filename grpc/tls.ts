import type { PeerCertificate, SecureContextOptions } from 'node:tls';

/** PEM texts of one side of a connection. */
export interface TlsPem {
  readonly cert: string;
  readonly key: string;
  /** whom to trust; absent: the authorities of the system */
  readonly ca?: string | undefined;
  /** what to show as a client, where it is another certificate */
  readonly client?: { readonly cert: string; readonly key: string } | undefined;
}

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

export interface TlsSettings extends TlsPem {
  /** what is valid now, asked for each new connection: the same object as long as nothing changed. Absent: what is above. */
  readonly current?: (() => TlsPem) | undefined;
  readonly minVersion?: TlsVersion | undefined;
  readonly maxVersion?: TlsVersion | undefined;
  /** of TLS 1.2, OpenSSL's names, `:` between them */
  readonly ciphers?: string | undefined;
  /** why a certificate is refused that its authority vouches for; undefined: it is not */
  readonly refuses?: ((certificate: PeerCertificate) => string | undefined) | undefined;
  /** a server refuses clients without a certificate of `ca`; default: if there is a `ca` */
  readonly requireClientCert?: boolean | undefined;
  /** whoever answers is trusted: only where certificates are of each one's own making */
  readonly trustsAnybody?: boolean | undefined;
}

export const pemNow = (tls: TlsSettings): TlsPem => tls.current?.() ?? tls;

export const requiresClientCert = (tls: TlsSettings): boolean => tls.requireClientCert ?? tls.ca !== undefined;

/** For Node's TLS: of a server, or of a client with its own certificate. */
export function contextOf(tls: TlsSettings, pem: TlsPem, side: 'server' | 'client'): SecureContextOptions {
  const { cert, key } = (side === 'client' ? pem.client : undefined) ?? pem;
  const { minVersion, maxVersion, ciphers } = tls;
  return {
    cert,
    key,
    ...(pem.ca !== undefined && { ca: pem.ca }),
    ...(minVersion !== undefined && { minVersion }),
    ...(maxVersion !== undefined && { maxVersion }),
    ...(ciphers !== undefined && { ciphers, honorCipherOrder: true }),
  };
}
