import { createCipheriv } from 'node:crypto';
import t from 'tap';
import { silentLog } from '../../../base/log.ts';
import { encodeObject } from '../../../api/codec/protobuf.ts';
import { startTestServer } from '../../testing/test-server.ts';
import { MemoryEtcd } from '../memory-etcd.ts';
import { readEncryptionConfiguration, transformerFor, type Transformers } from './encryption-configuration.ts';

const key = (bytes: number, fill: number): string => Buffer.alloc(bytes, fill).toString('base64');
const keys = (...named: [name: string, secret: string][]): object => ({
  keys: named.map(([name, secret]) => ({ name, secret })),
});
const configuration = (...rules: [resources: string[], ...providers: object[]][]): object => ({
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'EncryptionConfiguration',
  resources: rules.map(([resources, ...providers]) => ({ resources, providers })),
});
const gcm = (...named: [string, string][]): object => ({ aesgcm: keys(...named) });
const identity = { identity: {} };
const secrets = { group: '', resource: 'secrets' };
const at = '/registry/secrets/default/a';

void t.test('values are sealed and opened again', (t) => {
  for (const [kind, secret] of [
    ['aesgcm', key(16, 1)],
    ['aesgcm', key(32, 1)],
    ['aescbc', key(24, 1)],
    ['secretbox', key(32, 1)],
  ] as const) {
    const read = readEncryptionConfiguration(configuration([['secrets'], { [kind]: keys(['k1', secret]) }, identity]));
    const transformer = transformerFor(read, secrets);
    const plain = Buffer.from('{"data":{"password":"hunter2"}}');
    const sealed = Buffer.from(transformer?.seal(plain, at) ?? []);
    t.equal(sealed.subarray(0, `k8s:enc:${kind}:v1:k1:`.length).toString(), `k8s:enc:${kind}:v1:k1:`);
    t.notOk(sealed.includes('hunter2'), 'nothing of it can be read');
    const opened = transformer?.open(sealed, at);
    t.equal(Buffer.from(opened?.value ?? []).toString(), plain.toString());
    t.equal(opened?.form, `k8s:enc:${kind}:v1:k1:`);
    sealed[sealed.length - 1]! ^= 1;
    if (kind !== 'aescbc') t.throws(() => transformer?.open(sealed, at), 'changed since');
    t.same(transformer?.open(plain, at).form, '', 'what was stored before is read as it is');
  }
  t.end();
});

void t.test('AES-GCM is laid out as Kubernetes does it: nonce, ciphertext, tag, bound to the key of the store', (t) => {
  const nonce = Buffer.alloc(12, 7);
  const cipher = createCipheriv('aes-256-gcm', Buffer.alloc(32, 1), nonce).setAAD(Buffer.from(at));
  const sealed = Buffer.concat([cipher.update('x'), cipher.final()]);
  const stored = Buffer.concat([Buffer.from('k8s:enc:aesgcm:v1:k1:'), nonce, sealed, cipher.getAuthTag()]);
  const transformer = transformerFor(
    readEncryptionConfiguration(configuration([['secrets'], gcm(['k1', key(32, 1)])])),
    secrets,
  );
  t.equal(Buffer.from(transformer?.open(stored, at).value ?? []).toString(), 'x');
  t.throws(() => transformer?.open(stored, '/registry/secrets/default/b'), /message authentication failed/, 'moved');
  t.end();
});

void t.test('the closest rule decides', (t) => {
  const read = readEncryptionConfiguration(
    configuration(
      [['secrets'], gcm(['a', key(16, 1)])],
      [['*.apps'], gcm(['b', key(16, 1)])],
      [['*.'], identity],
      [['*.*'], gcm(['d', key(16, 1)])],
    ),
  );
  const form = (group: string, resource: string): string | undefined => transformerFor(read, { group, resource })?.form;
  t.equal(form('', 'secrets'), 'k8s:enc:aesgcm:v1:a:');
  t.equal(form('apps', 'deployments'), 'k8s:enc:aesgcm:v1:b:');
  t.equal(form('', 'configmaps'), '');
  t.equal(form('example.com', 'widgets'), 'k8s:enc:aesgcm:v1:d:');
  t.end();
});

const bad: readonly [what: string, document: object, words: RegExp][] = [
  ['another kind', { kind: 'Secret' }, /EncryptionConfiguration is expected/],
  ['no rules', configuration(), /resources: Required value: at least one resources is required/],
  [
    'a short key',
    configuration([['secrets'], gcm(['a', key(15, 1)])]),
    /keys\[0\]\.secret: Invalid value: "REDACTED": secret is not of the expected length, got 15, expected one of \[16 24 32\]/,
  ],
  ['no base64', configuration([['secrets'], gcm(['a', 'hello'])]), /secrets must be base64 encoded/],
  [
    'two providers in one',
    configuration([['secrets'], { ...identity, ...gcm(['a', key(16, 1)]) }]),
    /more than one provider specified in a single element/,
  ],
  ['no provider', configuration([['secrets'], {}]), /provider does not contain any of the expected providers/],
  [
    'a key service',
    configuration([['secrets'], { kms: { name: 'x' } }]),
    /key management services are not supported by Kuorum/,
  ],
  [
    'everything by a star',
    configuration([['*'], identity]),
    /use '\*\.' to encrypt all the resources from core API group/,
  ],
  [
    'a masked rule',
    configuration([['*.'], identity], [['secrets'], identity]),
    /resource "secrets" is masked by earlier rule "\*\."/,
  ],
  ['an overlap', configuration([['secrets', '*.'], identity]), /using overlapping resources/],
];

void t.test('what is wrong in a configuration is said in Kubernetes words, and never a secret', (t) => {
  for (const [what, document, words] of bad) t.throws(() => readEncryptionConfiguration(document), words, what);
  t.end();
});

void t.test('an API server on an encrypted store', async (t) => {
  const etcd = new MemoryEtcd();
  const raw = etcd.client();
  let current: Transformers = readEncryptionConfiguration(configuration([['secrets'], gcm(['k1', key(32, 1)])]));
  const server = await startTestServer({ etcdClient: etcd.client(), encryption: () => current, log: silentLog });
  t.teardown(() => server.stop());
  const { admin } = server;
  const path = '/api/v1/namespaces/default/secrets';
  const stored = async (name: string): Promise<Buffer> =>
    Buffer.from((await raw.range({ key: `/registry/secrets/default/${name}` })).kvs[0]?.value ?? []);

  const secret = { metadata: { name: 'a' }, stringData: { password: 'hunter2' } };
  t.equal((await admin.request('POST', path, { body: secret })).status, 201);
  t.ok((await stored('a')).toString('latin1').startsWith('k8s:enc:aesgcm:v1:k1:'));
  t.match((await admin.request('GET', `${path}/a`)).json, { data: { password: 'aHVudGVyMg==' } });
  t.equal(((await admin.request('GET', path)).json['items'] as object[]).length, 1, 'the watch cache reads it, too');

  await t.test('a key is rotated by writing everything again', async (t) => {
    current = readEncryptionConfiguration(configuration([['secrets'], gcm(['k2', key(32, 2)], ['k1', key(32, 1)])]));
    const { json } = await admin.request('GET', `${path}/a`);
    t.equal((await admin.request('PUT', `${path}/a?dryRun=All`, { body: json })).status, 200);
    t.ok((await stored('a')).toString('latin1').startsWith('k8s:enc:aesgcm:v1:k1:'), 'not by trying to');
    t.equal((await admin.request('PUT', `${path}/a`, { body: json })).status, 200);
    t.ok((await stored('a')).toString('latin1').startsWith('k8s:enc:aesgcm:v1:k2:'));
  });

  await t.test('protobuf, as a real kube-apiserver writes it, is read', async (t) => {
    const object = { metadata: { name: 'p', namespace: 'default', uid: 'u' }, data: { x: 'eA==' }, type: 'Opaque' };
    const bytes = encodeObject(object, { group: '', version: 'v1', kind: 'Secret' });
    const at = '/registry/secrets/default/p';
    const value = transformerFor(current, secrets)?.seal(bytes, at) ?? bytes;
    await raw.write({ guards: [], operations: [{ put: { key: at, value } }] });
    t.match((await admin.request('GET', `${path}/p`)).json, { kind: 'Secret', data: { x: 'eA==' }, type: 'Opaque' });
  });

  await t.test('a value of a key that is gone is told, for the object and for lists that would lack it', async (t) => {
    current = readEncryptionConfiguration(configuration([['secrets'], gcm(['k3', key(32, 3)])]));
    const other = await startTestServer({ etcdClient: etcd.client(), encryption: () => current, log: silentLog });
    t.teardown(() => other.stop());
    const words =
      /unable to transform key "\/registry\/secrets\/default\/a": no matching key was found for the provided AES/;
    for (const asked of [`${path}/a`, path]) {
      const answer = await other.admin.request('GET', asked);
      t.equal(answer.status, 500);
      t.match(answer.json['message'], words);
    }
    t.equal((await other.admin.request('GET', '/api/v1/configmaps')).status, 200, 'other kinds are not touched');
  });
});
