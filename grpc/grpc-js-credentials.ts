import * as grpc from '@grpc/grpc-js';
import type { SecureContextOptions } from 'node:tls';
import { systemClock } from '../base/clock.ts';
import type { GrpcServerOptions } from './server.ts';
import { contextOf, pemNow, requiresClientCert } from './tls.ts';

/** @grpc/grpc-js is told of new certificates, and does not ask: files are looked at so often */
const lookEveryMs = 500;

type Tls = NonNullable<GrpcServerOptions['tls']>;
type Watcher = (context: SecureContextOptions | null) => void;

class RenewedCredentials extends grpc.ServerCredentials {
  readonly #tls: Tls;
  #pem;
  #stop: (() => void) | undefined;

  constructor(tls: Tls) {
    const pem = pemNow(tls);
    super({ requestCert: requiresClientCert(tls) }, contextOf(tls, pem, 'server'));
    this.#tls = tls;
    this.#pem = pem;
  }

  override _addWatcher(watcher: Watcher): void {
    super._addWatcher(watcher);
    this.#stop ??= systemClock.every(lookEveryMs, () => this.#look());
  }

  override _removeWatcher(watcher: Watcher): void {
    super._removeWatcher(watcher);
    if (this.getWatcherCount() > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }

  override _equals(other: grpc.ServerCredentials): boolean {
    return this === other;
  }

  #look(): void {
    const now = pemNow(this.#tls);
    if (now === this.#pem) return;
    this.#pem = now;
    this.updateSecureContextOptions(contextOf(this.#tls, now, 'server'));
  }
}

export function credentialsOf(url: string, tls: GrpcServerOptions['tls']): grpc.ServerCredentials {
  if (!url.startsWith('https:')) return grpc.ServerCredentials.createInsecure();
  if (tls === undefined) throw new Error(`${url} needs a certificate and a key`);
  return new RenewedCredentials(tls);
}
