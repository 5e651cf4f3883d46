import 'reflect-metadata'; // @peculiar/x509 needs it to be there first
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { X509Certificate, generateKeyPairSync, webcrypto } from 'node:crypto';
import t from 'tap';
import type { Test } from 'tap';
import type { CertificateSigningRequest } from '../api/types/certificates-v1.ts';
import type { ConfigMap, Secret } from '../api/types/core-v1.ts';
import { startTestServer } from '../apiserver/testing/test-server.ts';
import { silentLog } from '../base/log.ts';
import { createCa } from '../cli/pki/certificate.ts';
import { createKubeClient } from '../client/kube-client.ts';
import {
  certificateSigningRequests as requests,
  clusterRoles,
  configMaps,
  secrets,
  serviceAccounts,
} from '../client/resources.ts';
import { eventually } from '../client/testing/eventually.ts';
import type { KubeClient } from '../client/types.ts';
import { startControllerManager } from '../controllers/manager/controller-manager.ts';

const keyPem = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** An API server whose authority also signs, the controllers, and clients by name. */
async function start(test: Test) {
  const served = await startTestServer();
  const { server, ca } = served;
  const servers = [`https://127.0.0.1:${server.port}`];
  const clients: KubeClient[] = [];
  const clientOf = async (subject: string): Promise<KubeClient> => {
    const client = createKubeClient({ servers, ca: ca.cert, ...(await ca.issue(subject)) });
    clients.push(client);
    return client;
  };
  const signing = await createCa('signer', 1);
  const manager = startControllerManager({
    client: await clientOf('CN=system:kube-controller-manager'),
    identity: 'm',
    leaderElect: false,
    settings: { rootCa: 'CA', clusterSigning: signing, serviceAccountKey: keyPem() },
    log: silentLog,
  });
  test.teardown(async () => {
    await manager.stop();
    await Promise.all(clients.map((client) => client.close()));
    await served.stop();
  });
  return { admin: await clientOf('CN=admin, O=system:masters'), clientOf, signing };
}

async function requestFor(name: string, subject: string, signerName: string, usages: string[]) {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
  const made = await Pkcs10CertificateRequestGenerator.create({
    name: subject,
    keys,
    signingAlgorithm: algorithm,
  });
  const request = Buffer.from(made.toString('pem')).toString('base64');
  return {
    metadata: { name },
    spec: { request, signerName, usages, expirationSeconds: 3600 },
  } as CertificateSigningRequest;
}

const kubeletSigner = 'kubernetes.io/kube-apiserver-client-kubelet';
const kubeletUsages = ['digital signature', 'client auth'];

void t.test('certificates, roles and tokens of the controllers', async (t) => {
  const { admin, clientOf, signing } = await start(t);
  const statusOf = async (name: string) => (await admin.resource(requests).get(name)).status;
  const issued = async (name: string): Promise<X509Certificate> => {
    await eventually(`${name} is signed`, async () => (await statusOf(name))?.certificate !== undefined, 15_000);
    return new X509Certificate(Buffer.from((await statusOf(name))?.certificate ?? '', 'base64'));
  };
  const approve = async (name: string): Promise<void> => {
    const found = await admin.resource(requests).get(name);
    const conditions = [{ type: 'Approved', status: 'True', reason: 'Test', message: 'by hand' }];
    const path = `/apis/certificates.k8s.io/v1/certificatesigningrequests/${name}/approval`;
    await admin.request('PUT', path, { ...found, status: { conditions } });
  };

  await t.test('a client certificate is signed when somebody approves it', async (t) => {
    const asked = await requestFor('ann', 'CN=ann, O=devs', 'kubernetes.io/kube-apiserver-client', ['client auth']);
    await admin.resource(requests).create(asked);
    await approve('ann');
    const certificate = await issued('ann');
    t.match(certificate.subject, /O=devs/);
    t.match(certificate.subject, /CN=ann/);
    t.ok(certificate.verify(new X509Certificate(signing.cert).publicKey));
    t.same(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2']);
    const hours = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / 3_600_000;
    t.ok(hours > 1 && hours < 1.2, 'as long as was asked for, and a little before');
  });

  await t.test('what its signer does not sign fails with the reason', async (t) => {
    const asked = await requestFor('bad', 'CN=bob', 'kubernetes.io/kube-apiserver-client', ['server auth']);
    await admin.resource(requests).create(asked);
    await approve('bad');
    const failure = async () => (await statusOf('bad'))?.conditions?.find(({ type }) => type === 'Failed');
    await eventually('it has failed', async () => (await failure()) !== undefined, 15_000);
    t.match(await failure(), {
      reason: 'SignerValidationFailure',
      message: 'invalid usage for client certificate: server auth',
    });
  });

  await t.test('a kubelet that may is approved by itself, another is not', async (t) => {
    const roleRef = {
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'ClusterRole',
      name: 'system:certificates.k8s.io:certificatesigningrequests:nodeclient',
    };
    const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:bootstrappers' }];
    await admin.request('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      metadata: { name: 'auto' },
      roleRef,
      subjects,
    });
    await admin.request('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      metadata: { name: 'ask' },
      roleRef: { ...roleRef, name: 'system:node-bootstrapper' },
      subjects: [...subjects, { ...subjects[0], name: 'others' }],
    });
    const bootstrapper = await clientOf('CN=boot, O=system:bootstrappers');
    const other = await clientOf('CN=who, O=others');
    const subject = 'CN=system:node:n1, O=system:nodes';
    await other.resource(requests).create(await requestFor('no', subject, kubeletSigner, kubeletUsages));
    await bootstrapper.resource(requests).create(await requestFor('yes', subject, kubeletSigner, kubeletUsages));
    t.match((await issued('yes')).subject, /CN=system:node:n1/);
    t.match((await statusOf('yes'))?.conditions, [
      { reason: 'AutoApproved', message: 'Auto approving kubelet client certificate after SubjectAccessReview.' },
    ]);
    t.same((await statusOf('no'))?.conditions ?? [], []);
  });

  await t.test('an aggregating role gets the rules of the roles that it selects', async (t) => {
    const rules = [{ apiGroups: ['x'], resources: ['y'], verbs: ['get'] }];
    const labels = { 'rbac.example.com/aggregate': 'true' };
    await admin.resource(clusterRoles).create({ metadata: { name: 'part', labels }, rules });
    const aggregationRule = { clusterRoleSelectors: [{ matchLabels: labels }] };
    await admin.resource(clusterRoles).create({ metadata: { name: 'whole' }, aggregationRule });
    const whole = async () => (await admin.resource(clusterRoles).get('whole')).rules ?? [];
    await eventually('it has them', async () => (await whole()).length === 1, 15_000);
    t.same(await whole(), rules);
    await admin.resource(clusterRoles).delete('part');
    await eventually('it has lost them', async () => (await whole()).length === 0, 15_000);
  });

  await t.test('a Secret for a token gets one, and goes with its account', async (t) => {
    await admin.resource(serviceAccounts).create({ metadata: { name: 'robot', namespace: 'default' } });
    const annotations = { 'kubernetes.io/service-account.name': 'robot' };
    const metadata = { name: 'token', namespace: 'default', annotations };
    await admin.resource(secrets).create({ metadata, type: 'kubernetes.io/service-account-token' });
    const data = async () => (await admin.resource(secrets).get('token', 'default')).data ?? {};
    await eventually('it is filled', async () => (await data())['token'] !== undefined, 15_000);
    const text = async (key: string): Promise<string> => Buffer.from((await data())[key] ?? '', 'base64').toString();
    t.equal(await text('ca.crt'), 'CA');
    t.equal(await text('namespace'), 'default');
    const claims = JSON.parse(Buffer.from((await text('token')).split('.')[1] ?? '', 'base64url').toString()) as object;
    t.match(claims, {
      iss: 'kubernetes/serviceaccount',
      sub: 'system:serviceaccount:default:robot',
      'kubernetes.io/serviceaccount/secret.name': 'token',
    });
    await admin.resource(serviceAccounts).delete('robot', 'default');
    const left = async (): Promise<Secret[]> => (await admin.resource(secrets).list({ namespace: 'default' })).items;
    await eventually('it is gone', async () => (await left()).length === 0, 15_000);
  });

  await t.test('bootstrap tokens sign the cluster information, and go when they end', async (t) => {
    const token = (id: string, expiration: string) => ({
      metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
      type: 'bootstrap.kubernetes.io/token',
      stringData: {
        'token-id': id,
        'token-secret': '0123456789abcdef',
        'usage-bootstrap-signing': 'true',
        expiration,
      },
    });
    await admin.resource(secrets).create(token('abcdef', '2999-01-01T00:00:00Z'));
    await admin.resource(secrets).create(token('ghijkl', '2020-01-01T00:00:00Z'));
    const metadata = { name: 'cluster-info', namespace: 'kube-public' };
    await admin.resource(configMaps).create({ metadata, data: { kubeconfig: 'text' } });
    const map = async (): Promise<ConfigMap> => admin.resource(configMaps).get('cluster-info', 'kube-public');
    await eventually('it is signed', async () => Object.keys((await map()).data ?? {}).length === 2, 15_000);
    const [header, payload, signature] = ((await map()).data?.['jws-kubeconfig-abcdef'] ?? '').split('.');
    t.equal(Buffer.from(header ?? '', 'base64url').toString(), '{"alg":"HS256","kid":"abcdef"}');
    t.equal(payload, '');
    t.equal(signature?.length, 43);
    const names = async () =>
      (await admin.resource(secrets).list({ namespace: 'kube-system' })).items.map((own) => own.metadata?.name);
    await eventually('the old one is gone', async () => (await names()).length === 1, 15_000);
    t.same(await names(), ['bootstrap-token-abcdef']);
  });
});
