/** The real kube-apiserver and ours on one store with one EncryptionConfiguration: each reads what the other has encrypted. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { readEncryptionConfiguration } from '../apiserver/storage/encryption/encryption-configuration.ts';
import { startTestServer } from '../apiserver/testing/test-server.ts';
import type { RangeResponse } from '../proto/etcd-types.ts';
import { WireClient } from './parity/wire-client.ts';
import { startEtcd } from './testing/etcd-process.ts';
import { startKubeApiserver } from './testing/kube-apiserver.ts';
import { findPeer } from './testing/peers.ts';
import { Rest } from './testing/rest.ts';
import { CertificateFolder } from './testing/store-certificates.ts';

t.setTimeout(240_000);
const program = findPeer('kube-apiserver');
const secretBytes = Buffer.alloc(32, 7).toString('base64');
const kinds = ['aesgcm', 'aescbc', 'secretbox'] as const;
/** one resource a cipher: each of the three is tried in both directions */
const encrypted = { aesgcm: 'secrets', aescbc: 'configmaps', secretbox: 'serviceaccounts' } as const;

const configuration = {
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'EncryptionConfiguration',
  resources: kinds.map((kind) => ({
    resources: [encrypted[kind]],
    providers: [{ [kind]: { keys: [{ name: 'k1', secret: secretBytes }] } }, { identity: {} }],
  })),
};

const bodyOf = (name: string): object => ({ metadata: { name, annotations: { told: 'hunter2' } } });

void t.test('encryption at rest', { skip: program === undefined && 'kube-apiserver not installed' }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kuorum-encryption-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const certificates = await CertificateFolder.create(join(folder, 'etcd'), 'etcd-ca');
  await certificates.issue('member', { commonName: 'member', names: ['127.0.0.1'], usages: ['client', 'server'] });
  const pair = await certificates.issue('client', { commonName: 'kube-apiserver', usages: ['client'] });
  const store = await startEtcd({ program: 'kuorum', count: 1, tls: certificates.memberFlags('member') });
  t.teardown(() => store.stop());
  const etcdServers = store.urls;
  const path = join(folder, 'encryption.yaml');
  writeFileSync(path, JSON.stringify(configuration));
  const real = await startKubeApiserver({
    program: program ?? '',
    folder,
    etcdServers,
    etcdCertificates: certificates,
    flags: [`--encryption-provider-config=${path}`],
  });
  t.teardown(() => real.stop());
  const etcdTls = { ca: certificates.ca, ...pair };
  const transformers = readEncryptionConfiguration(configuration);
  const ours = await startTestServer({ etcdServers, etcdTls, encryption: () => transformers });
  t.teardown(() => ours.stop());
  const rest = Rest.of(real.kubeconfig);
  t.teardown(() => rest.close());
  const wire = new WireClient(etcdServers[0] ?? '', etcdTls);
  t.teardown(() => wire.close());

  for (const kind of kinds) {
    await t.test(`${kind}: each reads what the other has written`, async (t) => {
      const resource = encrypted[kind];
      const collection = `/api/v1/namespaces/default/${resource}`;
      const made = await rest.request('POST', collection, { body: bodyOf(`real-${kind}`) });
      t.equal(made.status, 201, made.text);
      const created = await ours.admin.request('POST', collection, { body: bodyOf(`ours-${kind}`) });
      t.equal(created.status, 201, created.text);
      for (const name of [`real-${kind}`, `ours-${kind}`]) {
        const key = Buffer.from(`/registry/${resource}/default/${name}`);
        const answer = await wire.call('KV/Range', { key });
        const { kvs } = ('message' in answer ? answer.message : { kvs: [] }) as RangeResponse;
        const stored = Buffer.from(kvs[0]?.value ?? new Uint8Array());
        t.match(stored.toString('latin1'), new RegExp(`^k8s:enc:${kind}:v1:k1:`), `${name} is encrypted`);
        t.notMatch(stored.toString('latin1'), /hunter2/);
        t.match((await ours.admin.request('GET', `${collection}/${name}`)).json, bodyOf(name), `${name}, read by ours`);
        t.match(
          (await rest.request('GET', `${collection}/${name}`)).json,
          bodyOf(name),
          `${name}, read by the real one`,
        );
      }
      const names = (
        (await ours.admin.request('GET', collection)).json['items'] as { metadata: { name: string } }[]
      ).map(({ metadata }) => metadata.name);
      t.ok(names.includes(`real-${kind}`), 'the watch cache reads it, too');
    });
  }
});
