import t from 'tap';
import type { Pod } from '../../api/types/core-v1.ts';
import { FakeStore } from '../testing/fake-context.ts';
import { serviceAccountAdmission } from './service-account.ts';
import { admissionRequest, admit } from './testing/admission-request.ts';

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';

async function store(account: object = {}): Promise<FakeStore> {
  const made = new FakeStore();
  const metadata = { name: 'default', namespace: 'default' };
  await made.ensure('', 'serviceaccounts', { metadata, ...account });
  return made;
}

const pod = (spec: object = {}, metadata: object = {}) => ({
  metadata: { name: 'p', namespace: 'default', ...metadata },
  spec: { initContainers: [{ name: 'i' }], containers: [{ name: 'a' }, { name: 'b' }], ...spec },
});

async function admitted(object: object, account: object = {}): Promise<Pod> {
  const request = admissionRequest('pods', object);
  await admit(serviceAccountAdmission(await store(account)), request);
  return request.object;
}

void t.test('ServiceAccount mounts token, CA and namespace in every container', async (t) => {
  const { spec } = await admitted(pod());
  t.match(spec, { serviceAccountName: 'default', serviceAccount: 'default' });
  const [volume] = spec?.volumes ?? [];
  t.match(volume?.name, /^kube-api-access-[a-z0-9]{5}$/);
  t.same(volume?.projected, {
    defaultMode: 420,
    sources: [
      { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
  });
  for (const { volumeMounts } of [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]) {
    t.same(volumeMounts, [{ name: volume?.name, readOnly: true, mountPath }]);
  }
});

void t.test('ServiceAccount leaves alone what wants no token', async (t) => {
  t.equal((await admitted(pod({ automountServiceAccountToken: false }))).spec?.volumes, undefined);
  t.equal((await admitted(pod(), { automountServiceAccountToken: false })).spec?.volumes, undefined);
  const wants = pod({ automountServiceAccountToken: true });
  t.equal((await admitted(wants, { automountServiceAccountToken: false })).spec?.volumes?.length, 1, 'the pod decides');
  const mounted = [{ name: 'own', mountPath }];
  const own = pod({ initContainers: [], containers: [{ name: 'a', volumeMounts: mounted }] });
  const { spec } = await admitted(own);
  t.equal(spec?.volumes, undefined);
  t.same(spec?.containers[0]?.volumeMounts, mounted);
});

void t.test('ServiceAccount uses a token volume that is there', async (t) => {
  const volumes = [{ name: 'kube-api-access-mine', emptyDir: {} }];
  const { spec } = await admitted(pod({ volumes }));
  t.same(spec?.volumes, volumes);
  t.equal(spec?.containers[0]?.volumeMounts?.[0]?.name, 'kube-api-access-mine');
});

void t.test('ServiceAccount gives image pull secrets to pods that have none', async (t) => {
  const account = { imagePullSecrets: [{ name: 'pull' }] };
  t.same((await admitted(pod(), account)).spec?.imagePullSecrets, [{ name: 'pull' }]);
  const own = pod({ imagePullSecrets: [{ name: 'own' }] });
  t.same((await admitted(own, account)).spec?.imagePullSecrets, [{ name: 'own' }]);
});

const secretVolume = { volumes: [{ name: 'v', secret: { secretName: 's' } }] };
const enforced = {
  metadata: {
    name: 'default',
    namespace: 'default',
    annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' },
  },
};
const mirror = { annotations: { 'kubernetes.io/config.mirror': 'x' } };
const variable = { name: 'a', env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] };

const refused: [title: string, object: object, account: object, message: string][] = [
  [
    'an account that is not there',
    pod({ serviceAccountName: 'who' }),
    {},
    'pods "p" is forbidden: error looking up service account default/who: serviceaccount "who" not found',
  ],
  [
    'secrets of a mirror pod',
    pod(secretVolume, mirror),
    {},
    'pods "p" is forbidden: a mirror pod may not reference secrets',
  ],
  [
    'the account of a mirror pod',
    pod({ serviceAccountName: 'default' }, mirror),
    {},
    'pods "p" is forbidden: a mirror pod may not reference service accounts',
  ],
  [
    'a secret volume that the account does not name',
    pod(secretVolume),
    enforced,
    'pods "p" is forbidden: volume with secret.secretName="s" is not allowed because service account default does not reference that secret',
  ],
  [
    'a variable of a secret that the account does not name',
    pod({ containers: [variable] }),
    enforced,
    'pods "p" is forbidden: container a with envVar E referencing secret.secretName="s" is not allowed because service account default does not reference that secret',
  ],
  [
    'a pull secret that the account does not name',
    pod({ imagePullSecrets: [{ name: 's' }] }),
    enforced,
    'pods "p" is forbidden: imagePullSecrets[0].name="s" is not allowed because service account default does not reference that imagePullSecret',
  ],
];

void t.test('ServiceAccount refuses', async (t) => {
  for (const [title, object, account, message] of refused) {
    await t.rejects(admitted(object, account), { message, code: 403 }, title);
  }
});
