import { ResourceCases } from '../kind-case.ts';
import type { KindGroup } from '../kind-case.ts';

const configMaps = new ResourceCases('/api/v1/namespaces/{ns}/configmaps');
const secrets = new ResourceCases('/api/v1/namespaces/{ns}/secrets');
const accounts = new ResourceCases('/api/v1/namespaces/{ns}/serviceaccounts');

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** ConfigMaps, Secrets and ServiceAccounts. */
export const configGroup: KindGroup = {
  name: 'config',
  cases: [
    configMaps.create('configmap minimal', {}),
    configMaps.create('configmap with both', { data: { a: '1' }, binaryData: { b: base64('x') } }),
    configMaps.create('configmap frozen', { data: { a: '1' }, immutable: true }),
    ...configMaps.creates(
      { data: { a: '1' } },
      {
        'configmap key with a slash': { data: { 'a/b': '1' } },
        'configmap key of dots': { data: { '..': '1' } },
        'configmap key in both': { binaryData: { a: '' } },
        'configmap binary is no base64': { binaryData: { b: '*' } },
        'configmap value is a number': { data: { a: 1 } },
        'configmap immutable is a text': { immutable: 'yes' },
        'configmap name with capitals': { 'metadata.name': 'Bad' },
        'configmap label is bad': { 'metadata.labels': { 'a b': 'c d' } },
      },
    ),
    ...configMaps.puts('configmap frozen', {
      'configmap frozen: data changes': { 'data.a': '2' },
      'configmap frozen: binary data comes': { binaryData: { b: '' } },
      'configmap frozen: thaws': { immutable: undefined },
      'configmap frozen: labels change': { 'metadata.labels': { a: 'b' } },
    }),
    configMaps.put('configmap freezes', 'configmap minimal', { immutable: true, data: { a: 'b' } }),
    configMaps.table('configmaps as a table'),
    secrets.create('secret minimal', {}),
    secrets.create('secret of stringData', { stringData: { a: 'b' }, data: { a: base64('old'), c: base64('d') } }),
    secrets.create('secret frozen', { immutable: true, data: { a: base64('b') } }),
    ...secrets.creates(
      {},
      {
        'secret of docker lacks its key': { type: 'kubernetes.io/dockerconfigjson' },
        'secret of docker is no JSON': {
          type: 'kubernetes.io/dockerconfigjson',
          data: { '.dockerconfigjson': base64('{') },
        },
        'secret of docker': { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': base64('{}') } },
        'secret of old docker lacks its key': { type: 'kubernetes.io/dockercfg' },
        'secret of basic auth lacks both': { type: 'kubernetes.io/basic-auth' },
        'secret of basic auth': { type: 'kubernetes.io/basic-auth', stringData: { username: 'u' } },
        'secret of ssh lacks its key': { type: 'kubernetes.io/ssh-auth' },
        'secret of TLS lacks both': { type: 'kubernetes.io/tls' },
        'secret of TLS lacks the key': { type: 'kubernetes.io/tls', data: { 'tls.crt': base64('x') } },
        'secret of an account lacks it': { type: 'kubernetes.io/service-account-token' },
        'secret of an account that is not there': {
          type: 'kubernetes.io/service-account-token',
          'metadata.annotations': { 'kubernetes.io/service-account.name': 'nope' },
        },
        'secret of a type of its own': { type: 'example.com/mine' },
        'secret data is no base64': { data: { a: '*' } },
        'secret key is bad': { data: { 'a b': '' } },
      },
    ),
    ...secrets.puts('secret frozen', {
      'secret frozen: data changes': { 'data.a': base64('c') },
      'secret frozen: thaws': { immutable: false },
      'secret frozen: type changes': { type: 'other' },
    }),
    secrets.put('secret type changes', 'secret minimal', { type: 'example.com/other' }),
    secrets.table('secrets as a table'),
    accounts.create('account minimal', {}),
    accounts.create('account with all', {
      automountServiceAccountToken: false,
      imagePullSecrets: [{ name: 'pull' }],
      secrets: [{ name: 'one' }],
    }),
    accounts.create('account with a bad name', { metadata: { name: 'a_b' } }),
    accounts.put('account changes', 'account minimal', { imagePullSecrets: [{ name: 'p' }] }),
    accounts.table('accounts as a table'),
  ],
};
