import { stampOf } from '../base/file-stamp.ts';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { checkServerIdentity } from 'node:tls';
import type { PeerCertificate } from 'node:tls';
import type { Log } from '../base/log.ts';
import { messageOf } from '../base/message-of.ts';
import type { TlsPem, TlsSettings } from './tls.ts';

export interface TlsPaths {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string | undefined;
  readonly client?: { readonly cert: string; readonly key: string } | undefined;
  /** certificates that were revoked */
  readonly crl?: string | undefined;
}

/** Certificates must have one of these; empty: any. */
export interface TlsAllowed {
  readonly commonNames?: readonly string[];
  readonly hostnames?: readonly string[];
}

interface Loaded {
  readonly pem: TlsPem;
  readonly revoked: ReadonlySet<string>;
}

/** Throws where a certificate cannot be read, or the key is that of another one. */
export function checkPair(cert: string, key: string): X509Certificate {
  const certificate = new X509Certificate(cert);
  if (!certificate.checkPrivateKey(createPrivateKey(key))) throw new Error('the key is not that of the certificate');
  return certificate;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(messageOf(error), { cause: error });
  }
}

function whyNotAllowed(certificate: PeerCertificate, allowed: TlsAllowed): string | undefined {
  const { commonNames = [], hostnames = [] } = allowed;
  const names = [certificate.subject.CN ?? []].flat();
  if (commonNames.length > 0 && !names.some((name) => commonNames.includes(name))) {
    return `the common name ${names.join()} is not allowed`;
  }
  if (hostnames.length === 0) return undefined;
  const fits = hostnames.some((host) => checkServerIdentity(host, certificate) === undefined);
  return fits ? undefined : `the certificate is for none of ${hostnames.join(', ')}`;
}

/**
 * Certificates in files that may be replaced at any time, as etcd's: each new connection uses what the files say then. Where
 * they cannot be used (only one of a pair is new yet, or it is broken) what was in use stays in use, and the log says so.
 * Rejects where they cannot be used at the start.
 */
export async function tlsFromFiles(
  paths: TlsPaths,
  log: Log,
  allowed: TlsAllowed = {},
): Promise<TlsSettings & Required<Pick<TlsSettings, 'current' | 'refuses'>>> {
  const { cert, key, ca, client, crl } = paths;
  const files = [cert, key, ca, client?.cert, client?.key, crl].filter((path) => path !== undefined);
  const lists = crl === undefined ? undefined : await import('./crl.ts');
  const load = (): Loaded => {
    const pem: TlsPem = {
      cert: readText(cert),
      key: readText(key),
      ca: ca === undefined ? undefined : readText(ca),
      client: client && { cert: readText(client.cert), key: readText(client.key) },
    };
    const { subject, validTo } = checkPair(pem.cert, pem.key);
    if (pem.client !== undefined) checkPair(pem.client.cert, pem.client.key);
    if (pem.ca !== undefined) void new X509Certificate(pem.ca);
    const revoked = crl === undefined ? new Set<string>() : lists!.revokedSerials(readFileSync(crl));
    log.info({ cert, subject: subject.replaceAll('\n', ','), validTo }, 'certificate in use');
    return { pem, revoked };
  };
  let stamp = stampOf(files);
  let loaded: Loaded;
  try {
    loaded = load();
  } catch (error) {
    throw new Error(`cannot use the certificate ${cert} with the key ${key}: ${messageOf(error)}`, { cause: error });
  }
  const refresh = (): Loaded => {
    const now = stampOf(files);
    if (now === stamp) return loaded;
    stamp = now;
    try {
      loaded = load();
    } catch (error) {
      log.error({ files, error: messageOf(error) }, 'changed certificates cannot be used: the ones before stay in use');
    }
    return loaded;
  };
  return {
    ...loaded.pem,
    current: () => refresh().pem,
    refuses(certificate) {
      const { revoked } = refresh();
      if (lists?.isRevoked(revoked, certificate.serialNumber))
        return `certificate ${certificate.serialNumber} is revoked`;
      return whyNotAllowed(certificate, allowed);
    },
  };
}
