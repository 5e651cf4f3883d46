import t from 'tap';
import type { KubeObject } from '../pipeline.ts';
import { FakeStore } from '../testing/fake-context.ts';
import { podSecurity, podSecurityDefault } from './pod-security.ts';
import { admissionRequest, admit, type TestRequest } from './testing/admission-request.ts';

const label = (mode: string): string => `pod-security.kubernetes.io/${mode}`;

async function storeWith(labels: Record<string, string>, pods: readonly KubeObject[] = []): Promise<FakeStore> {
  const store = new FakeStore();
  await store.ensure('', 'namespaces', { metadata: { name: 'default', labels } });
  for (const pod of pods) await store.ensure('', 'pods', pod);
  return store;
}

const pod = (spec: object, metadata: object = {}) => ({
  metadata: { name: 'p', namespace: 'default', ...metadata },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
});
const safe = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};
const containers = (...contexts: object[]) => ({
  containers: contexts.map((securityContext, i) => ({ name: `c${i}`, image: 'i', securityContext })),
});

async function check(labels: Record<string, string>, object: object, resource = 'pods'): Promise<TestRequest> {
  const request = admissionRequest(resource, object);
  await admit(podSecurity(await storeWith(labels)), request);
  return request;
}

const restricted =
  'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), ' +
  'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), ' +
  'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), ' +
  'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")';

const refused: [title: string, level: string, spec: object, why: string][] = [
  [
    'host namespaces',
    'baseline',
    { hostNetwork: true, hostPID: true },
    'host namespaces (hostNetwork=true, hostPID=true)',
  ],
  [
    'privileged containers',
    'baseline',
    containers({ privileged: true }, {}, { privileged: true }),
    'privileged (containers "c0", "c2" must not set securityContext.privileged=true)',
  ],
  [
    'capabilities',
    'baseline',
    containers({ capabilities: { add: ['SYS_ADMIN', 'NET_RAW', 'CHOWN'] } }),
    'non-default capabilities (container "c0" must not include "NET_RAW", "SYS_ADMIN" in securityContext.capabilities.add)',
  ],
  [
    'host paths and ports',
    'baseline',
    {
      volumes: [{ name: 'v', hostPath: { path: '/' } }],
      containers: [{ name: 'c', image: 'i', ports: [{ hostPort: 80 }, { hostPort: 443 }] }],
    },
    'hostPath volumes (volume "v"), hostPort (container "c" uses hostPorts 443, 80)',
  ],
  [
    'sysctls and SELinux',
    'baseline',
    { securityContext: { sysctls: [{ name: 'kernel.msgmax' }], seLinuxOptions: { type: 'x', user: 'u' } } },
    'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "x"; user may not be set), forbidden sysctls (kernel.msgmax)',
  ],
  [
    'AppArmor and seccomp',
    'baseline',
    { securityContext: { appArmorProfile: { type: 'Unconfined' }, seccompProfile: { type: 'Unconfined' } } },
    'forbidden AppArmor profile (pod must not set AppArmor profile type to "Unconfined"), seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
  ],
  [
    'hosts of probes',
    'baseline',
    { containers: [{ name: 'c', image: 'i', livenessProbe: { httpGet: { host: 'h' } } }] },
    'probe or lifecycle host (container "c" uses probe or lifecycle host "h")',
  ],
  [
    'Windows host processes',
    'baseline',
    { securityContext: { windowsOptions: { hostProcess: true } } },
    'hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)',
  ],
  ['what restricted asks for', 'restricted', {}, restricted],
  [
    'volumes of other kinds',
    'restricted',
    {
      ...containers(safe),
      volumes: [
        { name: 'a', hostPath: { path: '/' } },
        { name: 'b', nfs: {} },
      ],
    },
    'restricted volume types (volumes "a", "b" use restricted volume types "hostPath", "nfs")',
  ],
  [
    'root',
    'restricted',
    { ...containers({ ...safe, runAsUser: 0 }), securityContext: { runAsNonRoot: false } },
    'runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false), runAsUser=0 (container "c0" must not set runAsUser=0)',
  ],
];

void t.test('PodSecurity refuses', async (t) => {
  for (const [title, level, spec, why] of refused) {
    const message = `pods "p" is forbidden: violates PodSecurity "${level}:latest": ${why}`;
    await t.rejects(check({ [label('enforce')]: level }, pod(spec)), { code: 403, message }, title);
  }
});

void t.test('PodSecurity lets pass what keeps to the level', async (t) => {
  await t.resolves(check({ [label('enforce')]: 'restricted' }, pod(containers(safe))));
  await t.resolves(check({ [label('enforce')]: 'baseline' }, pod({})));
  await t.resolves(check({}, pod({ hostNetwork: true })), 'privileged is the default');
  const old = { [label('enforce')]: 'baseline', [label('enforce-version')]: 'v1.33' };
  const probe = { containers: [{ name: 'c', image: 'i', livenessProbe: { httpGet: { host: 'h' } } }] };
  await t.resolves(check(old, pod(probe)), 'rules of later versions do not count');
  const user = { hostUsers: false, ...containers({ ...safe, runAsNonRoot: false, runAsUser: 0 }) };
  await t.resolves(check({ [label('enforce')]: 'restricted' }, pod(user)), 'root of a user namespace');
});

void t.test('PodSecurity warns of pods, and of kinds that make them', async (t) => {
  const warning = `would violate PodSecurity "restricted:latest": ${restricted}`;
  t.same((await check({ [label('warn')]: 'restricted' }, pod({}))).warnings, [warning]);
  const deployment = { metadata: { name: 'd' }, spec: { template: { spec: pod({}).spec } } };
  const enforce = { [label('enforce')]: 'restricted' };
  t.same((await check(enforce, deployment, 'apps/deployments')).warnings, [warning], 'what is enforced is warned of');
  const cronJob = { metadata: { name: 'j' }, spec: { jobTemplate: { spec: { template: { spec: pod({}).spec } } } } };
  t.same((await check(enforce, cronJob, 'batch/cronjobs')).warnings, [warning]);
});

void t.test('PodSecurity looks at updates of images only', async (t) => {
  const store = await storeWith({ [label('enforce')]: 'baseline' });
  const old = pod({ hostNetwork: true });
  const same = admissionRequest('pods', pod({ hostNetwork: true }, { labels: { a: 'b' } }), { old });
  await t.resolves(admit(podSecurity(store), same));
  const image = admissionRequest('pods', pod({ hostNetwork: true, containers: [{ name: 'c', image: 'j' }] }), { old });
  await t.rejects(admit(podSecurity(store), image), { code: 403 });
});

void t.test('PodSecurity of a namespace: labels that cannot be read are invalid', async (t) => {
  const labels = { [label('enforce')]: 'strict', [label('warn-version')]: '1.2' };
  const request = admissionRequest('namespaces', { metadata: { name: 'n', labels } });
  await t.rejects(admit(podSecurity(new FakeStore()), request), {
    code: 422,
    message:
      'Namespace "n" is invalid: [metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": ' +
      'must be one of privileged, baseline, restricted, metadata.labels[pod-security.kubernetes.io/warn-version]: ' +
      'Invalid value: "1.2": must be "latest" or "v1.x"]',
  });
});

void t.test('PodSecurity of a namespace: a stricter level warns of the pods that are there', async (t) => {
  const owned = { ownerReferences: [{ apiVersion: 'v1', kind: 'R', name: 'r', uid: 'r', controller: true }] };
  const pods = [
    pod({ hostNetwork: true }, { name: 'b' }),
    pod({ hostNetwork: true }, { name: 'a', ...owned }),
    pod({ hostNetwork: true }, { name: 'c', ...owned }),
    pod(containers({ privileged: true }), { name: 'x' }),
    pod({}, { name: 'fine' }),
  ];
  const store = await storeWith({}, pods);
  const labels = { [label('enforce')]: 'baseline' };
  const request = admissionRequest('namespaces', { metadata: { name: 'default', labels } }, { old: { metadata: {} } });
  await admit(podSecurity(store), request);
  t.same(request.warnings, [
    'existing pods in namespace "default" violate the new PodSecurity enforce level "baseline:latest"',
    'a (and 2 other pods): host namespaces',
    'x: privileged',
  ]);
});

void t.test('PodSecurity leaves alone who is exempt', async (t) => {
  const exemptions = { usernames: ['root'], namespaces: ['default'], runtimeClasses: [] };
  const configuration = { ...podSecurityDefault, exemptions };
  const store = await storeWith({ [label('enforce')]: 'baseline' });
  await t.resolves(admit(podSecurity(store, configuration), admissionRequest('pods', pod({ hostPID: true }))));
  const labels = { [label('enforce')]: 'baseline' };
  const request = admissionRequest('namespaces', { metadata: { name: 'default', labels } });
  await admit(podSecurity(store, configuration), request);
  t.same(request.warnings, [
    'namespace "default" is exempt from Pod Security, and the policy (enforce=baseline:latest) will be ignored',
  ]);
});
