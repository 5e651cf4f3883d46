import type { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate } from 'node:tls';
import { newUnauthorized } from '../../api/meta/status.ts';
import type { Authenticator, RequestContext, User } from '../pipeline.ts';
import { authoritiesOf, chainsTo } from './certificate-chain.ts';
import { headerValues } from './header-values.ts';
import { isForClients } from './x509-authenticator.ts';

/** A proxy in front of the server that has authenticated the user and says who it is, as `--requestheader-…` configure it. */
export interface RequestHeaderSettings {
  /** PEM: the proxy's certificate must be of this authority */
  readonly clientCa: string;
  /** common names of the proxy's certificate; empty: any */
  readonly allowedNames: readonly string[];
  /** X-Remote-User */
  readonly usernameHeaders: readonly string[];
  /** X-Remote-Uid */
  readonly uidHeaders: readonly string[];
  /** X-Remote-Group */
  readonly groupHeaders: readonly string[];
  /** X-Remote-Extra- */
  readonly extraHeaderPrefixes: readonly string[];
}

const lower = (names: readonly string[]): string[] => names.map((name) => name.trim().toLowerCase());

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // as Kubernetes: what is not escaped properly stands for itself
  }
}

/** Takes the user from headers, if the connection is the proxy's own. */
export class RequestHeaderAuthenticator implements Authenticator {
  readonly #authorities: readonly X509Certificate[];
  readonly #allowed: ReadonlySet<string>;
  readonly #names: Record<'user' | 'uid' | 'group' | 'extra', readonly string[]>;
  readonly #nowMs: () => number;
  /** certificates belong to connections: forgotten with them */
  readonly #trusted = new WeakMap<DetailedPeerCertificate, boolean>();

  constructor(settings: RequestHeaderSettings, nowMs: () => number) {
    this.#authorities = authoritiesOf(settings.clientCa);
    this.#allowed = new Set(settings.allowedNames);
    this.#nowMs = nowMs;
    this.#names = {
      user: lower(settings.usernameHeaders),
      uid: lower(settings.uidHeaders),
      group: lower(settings.groupHeaders),
      extra: lower(settings.extraHeaderPrefixes),
    };
  }

  authenticate(ctx: RequestContext): User | undefined {
    const certificate = ctx.clientCertificate;
    if (certificate === undefined || !this.#isProxy(certificate)) return undefined;
    const name = this.#first(ctx, this.#names.user);
    if (name === '') return undefined;
    const now = this.#nowMs();
    if (now < Date.parse(certificate.valid_from) || now > Date.parse(certificate.valid_to)) throw newUnauthorized();
    const uid = this.#first(ctx, this.#names.uid);
    const extra = this.#extraOf(ctx);
    return {
      name,
      groups: this.#names.group.flatMap((header) => headerValues(ctx, header)),
      ...(uid !== '' && { uid }),
      ...(Object.keys(extra).length > 0 && { extra }),
    };
  }

  #isProxy(certificate: DetailedPeerCertificate): boolean {
    let trusted = this.#trusted.get(certificate);
    if (trusted === undefined) {
      const names = [certificate.subject.CN ?? []].flat();
      const isAllowed = this.#allowed.size === 0 || names.some((name) => this.#allowed.has(name));
      trusted = isAllowed && isForClients(certificate) && chainsTo(certificate, this.#authorities);
      this.#trusted.set(certificate, trusted);
    }
    return trusted;
  }

  #first(ctx: RequestContext, names: readonly string[]): string {
    for (const name of names) {
      const value = headerValues(ctx, name).find((text) => text !== '');
      if (value !== undefined) return value;
    }
    return '';
  }

  #extraOf(ctx: RequestContext): Record<string, string[]> {
    const extra: Record<string, string[]> = {};
    for (const prefix of this.#names.extra) {
      for (const header of Object.keys(ctx.headers)) {
        if (!header.startsWith(prefix)) continue;
        const key = unescaped(header.slice(prefix.length));
        (extra[key] ??= []).push(...headerValues(ctx, header));
      }
    }
    return extra;
  }
}
