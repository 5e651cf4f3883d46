import type { Server } from 'node:tls';
import { systemClock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { namesOf, secureContext, type NamedCertificate, type ServingTls } from './serving-tls.ts';

const lookPeriodMs = 10_000;

type TlsServer = Pick<Server, 'addContext' | 'setSecureContext'>;

/** Keeps what the port shows as the files say: certificates by name (SNI), and new ones when they are renewed. */
export class CertificateRenewal {
  readonly #server: TlsServer;
  readonly #tls: ServingTls;
  #authorities: readonly string[];
  readonly #log: Log;
  readonly #cancel: () => void;

  constructor(server: TlsServer, tls: ServingTls, authorities: readonly string[], log: Log) {
    this.#server = server;
    this.#tls = tls;
    this.#authorities = authorities;
    this.#log = log;
    this.#name(tls.sni ?? []);
    this.#cancel = tls.renewed === undefined ? () => {} : systemClock.every(lookPeriodMs, () => this.look());
  }

  stop(): void {
    this.#cancel();
  }

  /** What cannot be used leaves in place what was there. */
  look(): void {
    try {
      const renewed = this.#tls.renewed?.();
      if (renewed === undefined) return;
      const { clientCa, requestHeaderCa, sni = [] } = renewed;
      if (clientCa !== undefined || requestHeaderCa !== undefined) {
        this.#authorities = [clientCa, requestHeaderCa].filter((pem) => pem !== undefined);
      }
      this.#server.setSecureContext(secureContext(renewed, this.#tls, this.#authorities));
      this.#name(sni);
      this.#log.info({}, 'certificates were renewed');
    } catch (error) {
      this.#log.error({ err: error }, 'new certificates cannot be used; the old ones stay');
    }
  }

  #name(certificates: readonly NamedCertificate[]): void {
    for (const certificate of certificates) {
      const context = secureContext(certificate, this.#tls, this.#authorities);
      for (const name of certificate.names ?? namesOf(certificate.cert)) this.#server.addContext(name, context);
    }
  }
}
