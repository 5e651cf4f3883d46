import { X509Certificate, generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import type { Layout } from '../cluster/layout.ts';
import { writeAtomically } from '../cluster/state.ts';
import type { KeyPair, Subject } from './certificate.ts';

const caDays = 3650;

/**
 * Three authorities: who may talk to the API server may not therefore talk to the store, and only the API servers
 * themselves may tell an extension API server who asks.
 */
export type CaName = 'ca' | 'etcd-ca' | 'front-proxy-ca';

interface Leaf {
  readonly ca: CaName;
  readonly subject: Subject;
}

/** First address of a range: 10.96.0.0/16 → 10.96.0.1, where the service `kubernetes` lives. */
export function firstAddressOf(cidr: string): string {
  const octets = (cidr.split('/')[0] ?? '').split('.').map(Number);
  octets[3] = (octets[3] ?? 0) + 1;
  return octets.join('.');
}

const loopback = ['localhost', '127.0.0.1', '::1'];

function leavesOf({ config, replicas, nodes }: Layout): Record<string, Leaf> {
  const apiNames = [
    ...loopback,
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
    firstAddressOf(config.network.serviceCidr),
    ...config.tls.extraNames,
  ];
  const client = (commonName: string, ...organizations: string[]): Leaf => ({
    ca: 'ca',
    subject: { commonName, organizations, usages: ['client'] },
  });
  return {
    admin: client('kubernetes-admin', 'system:masters'),
    'controller-manager': client('system:kube-controller-manager'),
    scheduler: client('system:kube-scheduler'),
    apiserver: { ca: 'ca', subject: { commonName: 'kube-apiserver', names: apiNames, usages: ['server'] } },
    'front-proxy-client': {
      ca: 'front-proxy-ca',
      subject: { commonName: 'front-proxy-client', usages: ['client'] },
    },
    'apiserver-etcd-client': {
      ca: 'etcd-ca',
      subject: { commonName: 'kube-apiserver-etcd-client', usages: ['client'] },
    },
    ...Object.fromEntries(
      replicas.map(({ name }): [string, Leaf] => [
        `${name}-etcd`,
        { ca: 'etcd-ca', subject: { commonName: name, names: loopback, usages: ['client', 'server'] } },
      ]),
    ),
    // as kubeadm had it; kubelets then need not ask an API server whether an API server may
    'apiserver-kubelet-client': client('kube-apiserver-kubelet-client', 'system:masters'),
    ...Object.fromEntries(nodes.map(({ name }) => [name, client(`system:node:${name}`, 'system:nodes')])),
    ...Object.fromEntries(
      nodes.map(({ name }): [string, Leaf] => [
        `${name}-server`,
        {
          ca: 'ca',
          subject: {
            commonName: `system:node:${name}`,
            organizations: ['system:nodes'],
            names: [...loopback, name],
            usages: ['server'],
          },
        },
      ]),
    ),
  };
}

export const readPair = (dir: string, name: string): KeyPair => ({
  cert: readFileSync(join(dir, `${name}.crt`), 'utf8'),
  key: readFileSync(join(dir, `${name}.key`), 'utf8'),
});

function writePair(dir: string, name: string, pair: KeyPair): void {
  writeAtomically(join(dir, `${name}.key`), pair.key);
  writeAtomically(join(dir, `${name}.crt`), pair.cert, 0o644);
}

/** Less than a third of its life is left, it is for other names, or another authority signed it. */
function needsRenewal(certificate: X509Certificate, ca: X509Certificate, subject: Subject): boolean {
  const from = Date.parse(certificate.validFrom);
  const to = Date.parse(certificate.validTo);
  const left = to - systemClock.nowMs();
  const missing = (subject.names ?? []).some((name) =>
    /^[\d.]+$|:/.test(name) ? certificate.checkIP(name) === undefined : certificate.checkHost(name) === undefined,
  );
  return left < (to - from) / 3 || missing || !certificate.verify(ca.publicKey);
}

async function ensureCa(dir: string, name: CaName, clusterName: string): Promise<KeyPair> {
  if (!existsSync(join(dir, `${name}.crt`))) {
    const { createCa } = await import('./certificate.ts');
    writePair(dir, name, await createCa(`${clusterName}-${name}`, caDays));
  }
  return readPair(dir, name);
}

/** Makes what is missing, renews what is about to expire; returns the names of what it wrote. */
export async function ensurePki(layout: Layout): Promise<string[]> {
  const { pkiDir: dir, config } = layout;
  const cas: Record<CaName, KeyPair> = {
    ca: await ensureCa(dir, 'ca', config.name),
    'etcd-ca': await ensureCa(dir, 'etcd-ca', config.name),
    'front-proxy-ca': await ensureCa(dir, 'front-proxy-ca', config.name),
  };
  const written: string[] = [];
  for (const [name, { ca, subject }] of Object.entries(leavesOf(layout))) {
    const file = join(dir, `${name}.crt`);
    if (existsSync(file)) {
      const current = new X509Certificate(readFileSync(file));
      if (!needsRenewal(current, new X509Certificate(cas[ca].cert), subject)) continue;
    }
    const { issueCertificate } = await import('./certificate.ts');
    writePair(dir, name, await issueCertificate(cas[ca], subject, config.tls.certificateDays));
    written.push(name);
  }
  if (!existsSync(join(dir, 'sa.key'))) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeAtomically(join(dir, 'sa.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
    writeAtomically(join(dir, 'sa.pub'), publicKey.export({ type: 'spki', format: 'pem' }) as string, 0o644);
    written.push('sa');
  }
  return written;
}
