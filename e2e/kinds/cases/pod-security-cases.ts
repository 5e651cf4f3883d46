import { changed, ResourceCases } from '../kind-case.ts';
import type { Changes, KindCase, KindGroup } from '../kind-case.ts';

const pods = new ResourceCases('/api/v1/namespaces/{ns}/pods');
const deployments = new ResourceCases('/apis/apps/v1/namespaces/{ns}/deployments');
const cronJobs = new ResourceCases('/apis/batch/v1/namespaces/{ns}/cronjobs');
const namespaces = new ResourceCases('/api/v1/namespaces');

const labels = (title: string, changes: Readonly<Record<string, string | null>>): KindCase =>
  namespaces.patch(title, '{ns}', {
    metadata: {
      labels: Object.fromEntries(
        Object.entries(changes).map(([key, value]) => [`pod-security.kubernetes.io/${key}`, value]),
      ),
    },
  });

const pod = { spec: { containers: [{ name: 'c', image: 'i' }] } };
const privileged = changed(pod, { 'spec.containers.0.securityContext.privileged': true });
const own = 'spec.containers.0.securityContext';
const bad = {
  'host network': { 'spec.hostNetwork': true },
  'host pid and ipc': { 'spec.hostPID': true, 'spec.hostIPC': true },
  'privileged container': { [`${own}.privileged`]: true },
  'added capabilities': { [`${own}.capabilities.add`]: ['SYS_ADMIN', 'NET_ADMIN', 'KILL'] },
  'host path': { 'spec.volumes': [{ name: 'v', hostPath: { path: '/' } }] },
  'host ports': {
    'spec.containers.0.ports': [
      { containerPort: 1, hostPort: 443 },
      { containerPort: 2, hostPort: 80 },
    ],
  },
  'unconfined seccomp': { 'spec.securityContext.seccompProfile.type': 'Unconfined' },
  'unconfined AppArmor': { [`${own}.appArmorProfile.type`]: 'Unconfined' },
  'SELinux options': { 'spec.securityContext.seLinuxOptions': { type: 'x_t', user: 'u', role: 'r' } },
  'unsafe sysctls': {
    'spec.securityContext.sysctls': [
      { name: 'kernel.msgmax', value: '1' },
      { name: 'net.ipv4.tcp_rmem', value: '1' },
    ],
  },
  'unmasked proc': { [`${own}.procMount`]: 'Unmasked', 'spec.hostUsers': false },
  'probe of another host': { 'spec.containers.0.livenessProbe': { tcpSocket: { host: 'h', port: 1 } } },
  'host process': {
    'spec.securityContext.windowsOptions.hostProcess': true,
    'spec.hostNetwork': true,
    'spec.os.name': 'windows',
  },
  'two init containers': {
    'spec.initContainers': [
      { name: 'a', image: 'i', securityContext: { privileged: true } },
      { name: 'b', image: 'i', securityContext: { privileged: true } },
    ],
  },
};
const safe = {
  'spec.securityContext': { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  [own]: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
};
const almost = {
  'nothing set': {},
  escalation: { ...safe, [`${own}.allowPrivilegeEscalation`]: true },
  'capabilities kept': { ...safe, [`${own}.capabilities`]: { drop: ['KILL'], add: ['CHOWN'] } },
  'runs as root': { ...safe, 'spec.securityContext.runAsUser': 0, [`${own}.runAsUser`]: 0 },
  'may run as root': { ...safe, 'spec.securityContext.runAsNonRoot': false },
  'nfs volume': { ...safe, 'spec.volumes': [{ name: 'v', nfs: { server: 's', path: '/' } }] },
  'no profile': { ...safe, 'spec.securityContext.seccompProfile': undefined },
  Windows: { 'spec.os.name': 'windows', 'spec.securityContext.runAsNonRoot': true },
  'user namespace': { ...safe, 'spec.hostUsers': false, 'spec.securityContext.runAsUser': 0 },
  'all set': safe,
};
const template = (spec: object) => ({
  spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec } },
});
const titled = (prefix: string, rows: Readonly<Record<string, Changes>>): Record<string, Changes> =>
  Object.fromEntries(Object.entries(rows).map(([title, changes]) => [`${prefix}: ${title}`, changes]));

/** The Pod Security Standards, by the labels of the namespace. */
export const podSecurityGroup: KindGroup = {
  name: 'pod-security',
  cases: [
    pods.create('privileged while nothing is asked for', privileged),
    pods.create('another of the kind', privileged),
    labels('labels that cannot be read', {
      enforce: 'strict',
      'enforce-version': 'v1',
      warn: 'x',
      'audit-version': '1.2',
    }),
    labels('baseline is enforced', { enforce: 'baseline' }),
    pods.create('plain pod', pod),
    ...pods.creates(pod, titled('baseline', bad)),
    pods.patch('image changes', 'another-of-the-kind', {
      spec: { containers: [{ name: 'c', image: 'j', securityContext: { privileged: true } }] },
    }),
    pods.patch('label changes', 'another-of-the-kind', { metadata: { labels: { a: 'b' } } }),
    deployments.create('deployment of bad pods', template(privileged.spec)),
    labels('an old baseline', { 'enforce-version': 'v1.20' }),
    pods.create('probe of another host, long ago', changed(pod, bad['probe of another host'])),
    labels('restricted is enforced', { enforce: 'restricted', 'enforce-version': null }),
    ...pods.creates(pod, titled('restricted', almost)),
    labels('only warnings', { enforce: null, warn: 'restricted', audit: 'baseline' }),
    pods.create('pod that is warned of', pod),
    deployments.create('deployment that is warned of', template(pod.spec)),
    cronJobs.create('cron job that is warned of', {
      spec: {
        schedule: '* * * * *',
        jobTemplate: { spec: { template: { spec: { ...pod.spec, restartPolicy: 'Never' } } } },
      },
    }),
    namespaces.create('namespace with bad labels', {
      metadata: { name: 'pod-security-bad', labels: { 'pod-security.kubernetes.io/enforce': 'x' } },
    }),
  ],
};
