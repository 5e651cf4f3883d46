import t from 'tap';
import type { Authorizer, KubeObject, RequestInfo } from '../pipeline.ts';
import { FakeStore } from '../testing/fake-context.ts';
import { alwaysDeny } from './always.ts';
import { denyServiceExternalIps } from './deny-service-external-ips.ts';
import { extendedResourceToleration } from './extended-resource-toleration.ts';
import { limitPodHardAntiAffinityTopology } from './limit-pod-hard-anti-affinity-topology.ts';
import { namespaceAutoProvision, namespaceExists } from './namespace-exists.ts';
import { ownerReferencesPermissionEnforcement } from './owner-references-permission-enforcement.ts';
import { podNodeSelector } from './pod-node-selector.ts';
import { podTopologyLabels } from './pod-topology-labels.ts';
import { admissionRequest, admit } from './testing/admission-request.ts';

const pod = (spec: object = {}) => ({ metadata: { name: 'p' }, spec: { containers: [{ name: 'c' }], ...spec } });
const storeWith = (resource: string, ...objects: KubeObject[]): FakeStore => {
  const store = new FakeStore();
  store.objects.set(`/${resource}`, objects);
  return store;
};

void t.test('AlwaysDeny', async (t) => {
  const message = 'pods "p" is forbidden: admission control is denying all modifications';
  await t.rejects(admit(alwaysDeny, admissionRequest('pods', pod())), { message, code: 403 });
});

void t.test('NamespaceExists and NamespaceAutoProvision', async (t) => {
  const store = new FakeStore();
  const request = admissionRequest('pods', pod());
  await t.rejects(admit(namespaceExists(store), request), { message: 'namespaces "default" not found', code: 404 });
  await admit(namespaceAutoProvision(store), { ...request, dryRun: true });
  t.equal(await store.get('', 'namespaces', '', 'default'), undefined, 'not for a dry run');
  await admit(namespaceAutoProvision(store), request);
  await t.resolves(admit(namespaceExists(store), request));
});

void t.test('LimitPodHardAntiAffinityTopology', async (t) => {
  const apart = (topologyKey: string) =>
    pod({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey }] } } });
  const run = (key: string): Promise<void> =>
    admit(limitPodHardAntiAffinityTopology, admissionRequest('pods', apart(key)));
  await t.resolves(run('kubernetes.io/hostname'));
  await t.rejects(run('zone'), {
    message:
      'pods "p" is forbidden: affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey zone but only key kubernetes.io/hostname is allowed',
  });
});

void t.test('ExtendedResourceToleration', async (t) => {
  const requests = { cpu: '1', 'example.com/gpu': '1', 'a.example.com/b': '1' };
  const request = admissionRequest('pods', pod({ containers: [{ name: 'c', resources: { requests } }] }));
  await admit(extendedResourceToleration, request);
  t.same((request.object['spec'] as { tolerations?: object[] }).tolerations, [
    { key: 'a.example.com/b', operator: 'Exists', effect: 'NoSchedule' },
    { key: 'example.com/gpu', operator: 'Exists', effect: 'NoSchedule' },
  ]);
});

void t.test('DenyServiceExternalIPs', async (t) => {
  const service = (...externalIPs: string[]) => ({ metadata: { name: 's' }, spec: { externalIPs } });
  const run = (now: object, old?: object): Promise<void> =>
    admit(denyServiceExternalIps, admissionRequest('services', now, old && { old }));
  await t.resolves(run(service()));
  await t.resolves(run(service('1.1.1.1'), service('1.1.1.1', '2.2.2.2')), 'what was there may stay');
  await t.rejects(run(service('1.1.1.1')), {
    message: 'services "s" is forbidden: Use of external IPs is denied by admission control',
  });
});

void t.test('PodNodeSelector', async (t) => {
  const annotations = { 'scheduler.alpha.kubernetes.io/node-selector': 'zone=a, disk=ssd' };
  const store = storeWith('namespaces', { metadata: { name: 'default', annotations } });
  const request = admissionRequest('pods', pod({ nodeSelector: { own: 'x' } }));
  await admit(podNodeSelector(store), request);
  t.match(request.object['spec'], { nodeSelector: { zone: 'a', disk: 'ssd', own: 'x' } });
  const conflict = admissionRequest('pods', pod({ nodeSelector: { zone: 'b' } }));
  await t.rejects(admit(podNodeSelector(store), conflict), {
    message: 'pods "p" is forbidden: pod node label selector conflicts with its namespace node label selector',
  });
});

void t.test('PodTopologyLabels copies zone and region from the node', async (t) => {
  const labels = { 'topology.kubernetes.io/zone': 'a', 'topology.kubernetes.io/region': 'r', other: 'x' };
  const store = storeWith('nodes', { metadata: { name: 'n', labels } });
  const binding = { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } };
  const request = admissionRequest('pods', binding, { subresource: 'binding' });
  await admit(podTopologyLabels(store), request);
  t.same(request.object.metadata?.labels, {
    'topology.kubernetes.io/zone': 'a',
    'topology.kubernetes.io/region': 'r',
  });
  const bound = admissionRequest('pods', pod({ nodeName: 'n' }));
  await admit(podTopologyLabels(store), bound);
  t.equal(bound.object.metadata?.labels?.['topology.kubernetes.io/zone'], 'a');
});

void t.test('OwnerReferencesPermissionEnforcement', async (t) => {
  const user = { name: 'u', groups: [] };
  const may = (...verbs: string[]): Authorizer => ({
    authorize: (_, info: RequestInfo) => ({
      allowed: verbs.includes(`${info.verb} ${info.resource}/${info.subresource}`),
      reason: '',
    }),
  });
  const ref = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd', uid: 'u1', blockOwnerDeletion: true };
  const owned = { metadata: { name: 'p', ownerReferences: [ref] } };
  const plugin = ownerReferencesPermissionEnforcement;
  const created = admissionRequest('pods', owned, { user });
  await t.resolves(admit(plugin(may('update deployments/finalizers')), created));
  await t.rejects(admit(plugin(may()), created), {
    message:
      'pods "p" is forbidden: cannot set blockOwnerDeletion if an ownerReference refers to a resource ' +
      "you can't set finalizers on: , <nil>",
  });
  const updated = admissionRequest('pods', owned, { user, old: { metadata: { name: 'p' } } });
  await t.rejects(admit(plugin(may('update deployments/finalizers')), updated), {
    message: `pods "p" is forbidden: cannot set an ownerRef on a resource you can't delete: , <nil>`,
  });
});
