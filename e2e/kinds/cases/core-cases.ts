import { ResourceCases } from '../kind-case.ts';
import type { KindGroup } from '../kind-case.ts';

const services = new ResourceCases('/api/v1/namespaces/{ns}/services');
const nodes = new ResourceCases('/api/v1/nodes');
const namespaces = new ResourceCases('/api/v1/namespaces');
const events = new ResourceCases('/api/v1/namespaces/{ns}/events');
const service = { spec: { ports: [{ port: 80 }], selector: { app: 'a' } } };

/** Services, Nodes, Namespaces, Events. */
export const coreGroup: KindGroup = {
  name: 'core',
  cases: [
    services.create('service', service),
    services.create('service of two ports', {
      spec: { ports: [{ port: 80, name: 'a' }, { port: 81, name: 'b', targetPort: 'x', appProtocol: 'h2c' }] },
    }),
    services.create('service headless', { spec: { ...service.spec, clusterIP: 'None' } }),
    services.create('service external name', { spec: { type: 'ExternalName', externalName: 'example.com' } }),
    services.create('service node port', { spec: { ...service.spec, type: 'NodePort' } }),
    services.create('service balancer', { spec: { ...service.spec, type: 'LoadBalancer' } }),
    services.create('service balancer local', {
      spec: { ...service.spec, type: 'LoadBalancer', externalTrafficPolicy: 'Local' },
    }),
    ...services.creates(service, {
      'service: no ports': { 'spec.ports': undefined },
      'service: no spec': { spec: undefined },
      'service: affinity': { 'spec.sessionAffinity': 'ClientIP' },
      'service: affinity too long': {
        'spec.sessionAffinity': 'ClientIP', 'spec.sessionAffinityConfig': { clientIP: { timeoutSeconds: 86_401 } },
      },
      'service: unknown affinity': { 'spec.sessionAffinity': 'X' },
      'service: unknown type': { 'spec.type': 'X' },
      'service: external IPs': { 'spec.externalIPs': ['1.2.3.4', 'x', '127.0.0.1'] },
      'service: bad cluster IP': { 'spec.clusterIP': 'x' },
      'service: cluster IPs differ': { 'spec.clusterIP': '10.0.0.9', 'spec.clusterIPs': ['10.0.0.8'] },
      'service: dual stack wanted': { 'spec.ipFamilyPolicy': 'PreferDualStack' },
      'service: dual stack needed': { 'spec.ipFamilyPolicy': 'RequireDualStack' },
      'service: other family': { 'spec.ipFamilies': ['IPv6'] },
      'service: unknown family': { 'spec.ipFamilies': ['IPv5'], 'spec.ipFamilyPolicy': 'X' },
      'service: port 0': { 'spec.ports': [{ port: 0 }] },
      'service: nameless ports': { 'spec.ports': [{ port: 80 }, { port: 81 }] },
      'service: same ports': { 'spec.ports': [{ port: 80, name: 'a' }, { port: 80, name: 'a' }] },
      'service: unknown protocol': { 'spec.ports': [{ port: 80, protocol: 'X' }] },
      'service: bad target': { 'spec.ports': [{ port: 80, targetPort: 'A b' }] },
      'service: node port without type': { 'spec.ports': [{ port: 80, nodePort: 30_000 }] },
      'service: node port out of range': { 'spec.type': 'NodePort', 'spec.ports': [{ port: 80, nodePort: 80 }] },
      'service: node port headless': { 'spec.type': 'NodePort', 'spec.clusterIP': 'None' },
      'service: traffic policy without type': { 'spec.externalTrafficPolicy': 'Local' },
      'service: unknown traffic policy': { 'spec.type': 'NodePort', 'spec.externalTrafficPolicy': 'X', 'spec.internalTrafficPolicy': 'X' },
      'service: health port without type': { 'spec.healthCheckNodePort': 31_000 },
      'service: class without type': { 'spec.loadBalancerClass': 'x.io/a', 'spec.allocateLoadBalancerNodePorts': true, 'spec.loadBalancerSourceRanges': ['10.0.0.0/8'] },
      'service: bad ranges': { 'spec.type': 'LoadBalancer', 'spec.loadBalancerSourceRanges': ['x'], 'spec.loadBalancerClass': 'a b' },
      'service: no node ports': { 'spec.type': 'LoadBalancer', 'spec.allocateLoadBalancerNodePorts': false },
      'service: external name missing': { 'spec.type': 'ExternalName', 'spec.ports': undefined },
      'service: external name bad': { 'spec.type': 'ExternalName', 'spec.externalName': 'A b', 'spec.clusterIP': '10.0.0.5' },
      'service: trafficDistribution': { 'spec.trafficDistribution': 'X' },
      'service: distribution': { 'spec.trafficDistribution': 'PreferClose' },
      'service: bad name': { 'metadata.name': '1a' },
      'service: publishes': { 'spec.publishNotReadyAddresses': true, 'spec.internalTrafficPolicy': 'Local' },
    }), // prettier-ignore
    ...services.puts('service', {
      'service: becomes node port': { 'spec.type': 'NodePort' },
      'service: becomes balancer': { 'spec.type': 'LoadBalancer', 'spec.externalTrafficPolicy': 'Local' },
      'service: cluster IP changes': { 'spec.clusterIP': '10.0.0.77', 'spec.clusterIPs': ['10.0.0.77'] },
      'service: cluster IP left out': { 'spec.clusterIP': undefined, 'spec.clusterIPs': undefined },
      'service: becomes cluster IP': { 'spec.type': 'ClusterIP', 'spec.externalTrafficPolicy': undefined },
      'service: becomes external': { 'spec.type': 'ExternalName', 'spec.externalName': 'a.b' },
      'service: status is not for this': { 'status.loadBalancer': { ingress: [{ ip: '1.2.3.4' }] } },
    }),
    services.patch('service: turns external', 'service', { spec: { type: 'ExternalName', externalName: 'a.b', clusterIP: null, clusterIPs: null, ipFamilies: null, ipFamilyPolicy: null, internalTrafficPolicy: null } }),
    services.patch('service: turns back', 'service', { spec: { type: 'ClusterIP', externalName: null } }),
    services.patch('balancer: status', 'service-balancer', { status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } } }, 'status'),
    services.patch('balancer: status bad', 'service-balancer', { status: { loadBalancer: { ingress: [{ ip: 'x', ipMode: 'X' }, { hostname: 'A b' }] } } }, 'status'),
    services.patch('service: status of no balancer', 'service', { status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } } }, 'status'),
    services.patch('balancer: class comes', 'service-balancer', { spec: { loadBalancerClass: 'x.io/a' } }),
    services.patch('balancer: turns local', 'service-balancer', { spec: { externalTrafficPolicy: 'Local' } }),
    services.patch('balancer: becomes cluster IP', 'service-balancer-local', { spec: { type: 'ClusterIP' } }),
    services.delete('service goes', 'service-headless'),
    nodes.create('plain node', {}),
    ...nodes.creates({}, {
      'node: all': {
        'spec.podCIDR': '10.1.0.0/24', 'spec.providerID': 'x://y', 'spec.unschedulable': true,
        'spec.taints': [{ key: 'a', value: 'b', effect: 'NoSchedule' }],
        'status.capacity': { cpu: '4', memory: '1Gi', pods: '10' },
      },
      'node: bad taints': { 'spec.taints': [{ key: 'a b', value: 'c d', effect: 'X' }, { key: '', effect: '' }] },
      'node: same taints': { 'spec.taints': [{ key: 'a', effect: 'NoSchedule' }, { key: 'a', effect: 'NoSchedule', value: 'x' }] },
      'node: bad ranges': { 'spec.podCIDRs': ['x', '10.0.0.0/24', '10.0.1.0/24', 'fd00::/64'] },
      'node: negative': { 'status.capacity': { cpu: '-1' } },
    }), // prettier-ignore
    ...nodes.puts('node: all', {
      'node: range changes': { 'spec.podCIDR': '10.2.0.0/24', 'spec.podCIDRs': ['10.2.0.0/24'] },
      'node: provider changes': { 'spec.providerID': 'z' },
      'node: taints change': { 'spec.taints': [] },
      'node: status is not for this': { 'status.capacity.cpu': '8' },
    }),
    nodes.put('node: status', 'node: all', { 'status.capacity.cpu': '8', 'status.addresses': [{ type: 'InternalIP', address: '1.2.3.4' }, { type: 'InternalIP', address: '1.2.3.4' }] }, 'status'),
    nodes.table('node as a table', 'plain-node'),
    nodes.delete('node goes', 'plain-node'),
    nodes.delete('node of all goes', 'node-all'),
    namespaces.create('namespace', {}),
    ...namespaces.creates({}, {
      'namespace: bad name': { 'metadata.name': 'A.b' },
      'namespace: finalizers': { 'spec.finalizers': ['x.io/y', 'bad'] },
    }), // prettier-ignore
    namespaces.put('namespace: labels', 'namespace', { 'metadata.labels': { a: 'b' } }),
    namespaces.put('namespace: status', 'namespace', { 'status.phase': 'Terminating' }, 'status'),
    namespaces.put('namespace: finalize', 'namespace', { 'spec.finalizers': ['kubernetes', 'x.io/y'] }, 'finalize'),
    namespaces.put('namespace: finalize bad', 'namespace', { 'spec.finalizers': ['bad'] }, 'finalize'),
    namespaces.delete('namespace goes', 'namespace'),
    namespaces.put('namespace: finalizer comes late', 'namespace', { 'metadata.finalizers': ['x.io/z'] }),
    namespaces.put('namespace: finalized', 'namespace', { 'spec.finalizers': [] }, 'finalize'),
    namespaces.get('namespace is gone', 'namespace'),
    events.create('event', { involvedObject: { kind: 'Pod', name: 'p', namespace: 'k-core' }, reason: 'R', message: 'm', type: 'Normal' }),
    events.create('event of another namespace', { involvedObject: { kind: 'Pod', name: 'p', namespace: 'other' } }),
    events.create('event new', {
      involvedObject: { namespace: 'k-core' }, eventTime: '2024-01-02T03:04:05.000006Z', reason: '', action: '', reportingComponent: 'a b',
    }),
    events.put('event changes', 'event', { message: 'n' }),
    { title: 'component statuses', method: 'GET', path: '/api/v1/componentstatuses/nope' },
  ],
}; // prettier-ignore
