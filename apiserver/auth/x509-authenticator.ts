import type { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate } from 'node:tls';
import { newUnauthorized } from '../../api/meta/status.ts';
import type { Authenticator, RequestContext, User } from '../pipeline.ts';
import { chainsTo } from './certificate-chain.ts';

const clientAuthUsage = '1.3.6.1.5.5.7.3.2';

interface CertificateUser {
  readonly user: User;
  readonly validFromMs: number;
  readonly validToMs: number;
}

/** Node gives one value of a repeated name as text, several as an array. */
const valuesOf = (value: string | string[] | undefined): string[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];

export const isForClients = ({ ext_key_usage: usages }: DetailedPeerCertificate): boolean =>
  usages === undefined || usages.includes(clientAuthUsage);

/** Who a certificate names: common name → user, organisations → groups. */
export function certificateUser(certificate: DetailedPeerCertificate): User | undefined {
  const [name] = valuesOf(certificate.subject?.CN);
  if (!name || !isForClients(certificate)) return undefined;
  const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  return {
    name,
    groups: valuesOf(certificate.subject.O),
    extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprint}`] },
  };
}

/**
 * Client certificates. TLS has verified the chain before a request arrives; connections live longer than
 * certificates may, so validity is looked at on each request.
 */
export class X509Authenticator implements Authenticator {
  readonly #nowMs: () => number;
  /** certificates belong to connections: forgotten with them */
  readonly #known = new WeakMap<DetailedPeerCertificate, CertificateUser>();
  readonly #foreign = new WeakSet<DetailedPeerCertificate>();
  readonly #authorities: readonly X509Certificate[] | undefined;

  /** `authorities`: needed where the port knows clients of other authorities, too. */
  constructor(nowMs: () => number, authorities?: readonly X509Certificate[]) {
    this.#nowMs = nowMs;
    this.#authorities = authorities;
  }

  authenticate(ctx: RequestContext): User | undefined {
    const certificate = ctx.clientCertificate;
    if (certificate === undefined) return undefined;
    if (this.#foreign.has(certificate)) throw newUnauthorized();
    const known = this.#known.get(certificate) ?? this.#read(certificate);
    const now = this.#nowMs();
    if (known === undefined || now < known.validFromMs || now > known.validToMs) throw newUnauthorized();
    return known.user;
  }

  #read(certificate: DetailedPeerCertificate): CertificateUser | undefined {
    if (this.#authorities !== undefined && !chainsTo(certificate, this.#authorities)) {
      this.#foreign.add(certificate);
      return undefined;
    }
    const user = certificateUser(certificate);
    if (user === undefined) return undefined;
    const read = {
      user,
      validFromMs: Date.parse(certificate.valid_from),
      validToMs: Date.parse(certificate.valid_to),
    };
    this.#known.set(certificate, read);
    return read;
  }
}
