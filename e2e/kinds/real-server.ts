import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, fetch } from 'undici';
import { loadKubeconfig } from '../../client/kubeconfig.ts';
import { pause } from '../testing/local-cluster.ts';
import { startEtcd } from '../testing/etcd-process.ts';
import { startKubeApiserver } from '../testing/kube-apiserver.ts';
import { findPeer } from '../testing/peers.ts';
import { CertificateFolder } from '../testing/store-certificates.ts';
import { warningsOf } from './play.ts';
import type { Send } from './play.ts';

/** the version that we are, which a newer one can behave as */
const emulatedVersion = '1.36';

/** What admission reads from caches, which see a change a little later. */
const forAdmission = /\/(limitranges|resourcequotas|\w+classes)\b|\/namespaces\/[^/]+$/;
const admissionLagMs = 400;

/** The real kube-apiserver on a real etcd, alone: no controller writes in between. */
export async function withRealServer<T>(use: (send: Send) => Promise<T>): Promise<T> {
  const program = findPeer('kube-apiserver');
  const etcd = ['etcd-3.7', 'etcd-3.6', 'etcd'].map(findPeer).find((path) => path !== undefined);
  if (program === undefined || etcd === undefined)
    throw new Error('kube-apiserver or etcd is not here: `npm run peers`');
  const folder = mkdtempSync(join(tmpdir(), 'kuorum-kinds-'));
  const certificates = await CertificateFolder.create(join(folder, 'store'), 'store-ca');
  const usages = ['client', 'server'] as const;
  await certificates.issue('member', { commonName: 'member', names: ['127.0.0.1'], usages: [...usages] });
  await certificates.issue('client', { commonName: 'client', usages: ['client'] });
  const store = await startEtcd({ program: etcd, count: 1, tls: certificates.memberFlags('member') });
  try {
    const server = await startKubeApiserver({
      program,
      folder,
      etcdServers: store.urls,
      etcdCertificates: certificates,
      // privileged containers are for pod security to judge
      flags: [`--emulated-version=${emulatedVersion}`, '--allow-privileged=true'],
    });
    const { servers, ca, cert, key } = loadKubeconfig(server.kubeconfig);
    const agent = new Agent({ connect: { ca, cert, key } });
    try {
      return await use(async (method, path, { body, contentType = 'application/json', headers } = {}) => {
        const answer = await fetch((servers[0] ?? '') + path, {
          method,
          dispatcher: agent,
          headers: { ...(body === undefined ? {} : { 'content-type': contentType }), ...headers },
          ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        });
        const text = await answer.text();
        const warnings = warningsOf(answer.headers.get('warning'));
        if (method !== 'GET' && forAdmission.test(path)) await pause(admissionLagMs);
        return { status: answer.status, text, json: objectOf(text), warnings };
      });
    } finally {
      await agent.destroy();
      await server.stop();
    }
  } finally {
    await store.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

export function objectOf(text: string): object {
  try {
    return JSON.parse(text) as object;
  } catch {
    return {};
  }
}
