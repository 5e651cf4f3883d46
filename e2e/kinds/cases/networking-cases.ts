import { ResourceCases } from '../kind-case.ts';
import type { KindGroup } from '../kind-case.ts';

const api = '/apis/networking.k8s.io/v1';
const ingresses = new ResourceCases(`${api}/namespaces/{ns}/ingresses`);
const policies = new ResourceCases(`${api}/namespaces/{ns}/networkpolicies`);
const classes = new ResourceCases(`${api}/ingressclasses`);
const addresses = new ResourceCases(`${api}/ipaddresses`);
const ranges = new ResourceCases(`${api}/servicecidrs`);

const backend = { service: { name: 's', port: { number: 80 } } };
const ingress = {
  spec: { rules: [{ host: 'a.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] },
};
const path = 'spec.rules.0.http.paths.0';
const block = {
  spec: { podSelector: {}, egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }] }] },
};
const parentRef = { resource: 'services', namespace: 'default', name: 'x' };

const ingressCases = [
  ingresses.create('ingress with a rule', ingress),
  ingresses.create('ingress with a default backend', { spec: { defaultBackend: backend } }),
  ...ingresses.creates(ingress, {
    'ingress without rules': { spec: {} },
    'ingress with an empty list of rules': { spec: { rules: [] } },
    'ingress with a wildcard': { 'spec.rules.0.host': '*.example.com' },
    'ingress with a bad wildcard': { 'spec.rules.0.host': 'a.*.com' },
    'ingress with an address as host': { 'spec.rules.0.host': '1.2.3.4' },
    'ingress without paths': { 'spec.rules.0.http.paths': [] },
    'ingress without a type of path': { [`${path}.pathType`]: undefined },
    'ingress with an unknown type of path': { [`${path}.pathType`]: 'Glob' },
    'ingress with a relative path': { [`${path}.path`]: 'a' },
    'ingress with steps in a path': { [`${path}.path`]: '/a/../b//c/..' },
    'ingress with a path of an implementation': {
      [`${path}.pathType`]: 'ImplementationSpecific',
      [`${path}.path`]: 'a',
    },
    'ingress without a backend': { [`${path}.backend`]: {} },
    'ingress with two backends': { [`${path}.backend.resource`]: { kind: 'A', name: 'b' } },
    'ingress with a resource backend': {
      [`${path}.backend`]: { resource: { apiGroup: 'a.io', kind: 'A', name: 'b' } },
    },
    'ingress with a bad resource backend': {
      [`${path}.backend`]: { resource: { apiGroup: 'A', kind: '', name: 'a/b' } },
    },
    'ingress with a bad service name': { [`${path}.backend.service.name`]: 'A_b' },
    'ingress with a port name': { [`${path}.backend.service.port`]: { name: 'http' } },
    'ingress with a bad port name': { [`${path}.backend.service.port`]: { name: 'a--b' } },
    'ingress with two ports': { [`${path}.backend.service.port`]: { name: 'http', number: 80 } },
    'ingress with a port too high': { [`${path}.backend.service.port.number`]: 70000 },
    'ingress without a port': { [`${path}.backend.service.port`]: {} },
    'ingress with TLS': { 'spec.tls': [{ hosts: ['a.b', '*.c.d'], secretName: 's' }] },
    'ingress with bad TLS': { 'spec.tls': [{ hosts: ['A', 'a.*'], secretName: 'S_' }] },
    'ingress with a class': { 'spec.ingressClassName': 'c' },
    'ingress with a bad class': { 'spec.ingressClassName': 'C_' },
    'ingress with the annotation of a class': { 'metadata.annotations': { 'kubernetes.io/ingress.class': 'c' } },
    'ingress with two classes': {
      'metadata.annotations': { 'kubernetes.io/ingress.class': 'c' },
      'spec.ingressClassName': 'd',
    },
  }),
  ingresses.put('ingress changes', 'ingress with a rule', {
    'spec.ingressClassName': 'x',
    status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } },
  }),
  ...ingresses.puts(
    'ingress with a rule',
    {
      'ingress gets an address': {
        status: { loadBalancer: { ingress: [{ ip: '1.2.3.4', ports: [{ port: 80, protocol: 'TCP' }] }] } },
      },
      'ingress gets a host name': { status: { loadBalancer: { ingress: [{ hostname: 'a.example.com' }] } } },
      'ingress gets a bad address': { status: { loadBalancer: { ingress: [{ ip: '1.2.3', hostname: '1.2.3.4' }] } } },
    },
    'status',
  ),
  ingresses.get('ingress status', 'ingress-with-a-rule/status'),
  ingresses.table('ingresses as a table'),
];

const policyCases = [
  policies.create('policy minimal', { spec: { podSelector: {} } }),
  policies.create('policy of nothing', {}),
  policies.create('policy with a block', block),
  policies.create('policy with ports', {
    spec: { podSelector: {}, ingress: [{ ports: [{ port: 80 }, { port: 'http' }, { port: 1, endPort: 9 }] }] },
  }),
  ...policies.creates(block, {
    'policy with a bad block': { 'spec.egress.0.to.0.ipBlock.cidr': '10.0.0.0' },
    'policy with bits too many': { 'spec.egress.0.to.0.ipBlock.cidr': '10.0.0.1/8' },
    'policy without a block': { 'spec.egress.0.to.0.ipBlock.cidr': '' },
    'policy with an exception outside': { 'spec.egress.0.to.0.ipBlock.except': ['11.0.0.0/16', '10.0.0.0/8'] },
    'policy with an empty peer': { 'spec.egress.0.to.0': {} },
    'policy with a block and a selector': { 'spec.egress.0.to.0.podSelector': {} },
    'policy with a bad selector': {
      'spec.podSelector': { matchExpressions: [{ key: 'a b', operator: 'Near', values: [] }] },
    },
    'policy with three types': { 'spec.policyTypes': ['Ingress', 'Egress', 'Ingress'] },
    'policy with an unknown type': { 'spec.policyTypes': ['Sideways'] },
    'policy with bad ports': {
      'spec.ingress': [
        {
          ports: [
            { protocol: 'ICMP', port: 0 },
            { port: 9, endPort: 1 },
            { port: 'http', endPort: 9 },
            { endPort: 9 },
            { port: 'a_b' },
          ],
        },
      ],
    },
  }),
  policies.put('policy changes', 'policy minimal', { 'spec.ingress': [{}] }),
  policies.table('policies as a table'),
];

const classCases = [
  classes.create('ingress class minimal', { spec: { controller: 'example.com/c' } }),
  classes.create('ingress class with parameters', {
    spec: { controller: 'example.com/c', parameters: { apiGroup: 'a.io', kind: 'K', name: 'n' } },
  }),
  ...classes.creates(
    { spec: { controller: 'example.com/c' } },
    {
      'ingress class without a controller': { spec: {} },
      'ingress class with a short controller': { 'spec.controller': 'c' },
      'ingress class with a bad controller': { 'spec.controller': 'A_/b c' },
      'ingress class with a long controller': { 'spec.controller': `a.io/${'c'.repeat(250)}` },
      'ingress class with bad parameters': { 'spec.parameters': { apiGroup: 'A', kind: '', name: '' } },
      'ingress class with an unknown scope': { 'spec.parameters': { kind: 'K', name: 'n', scope: 'Planet' } },
      'ingress class with a scope without namespace': {
        'spec.parameters': { kind: 'K', name: 'n', scope: 'Namespace' },
      },
      'ingress class with a namespace too many': { 'spec.parameters': { kind: 'K', name: 'n', namespace: 'a' } },
    },
  ),
  classes.put('ingress class changes its controller', 'ingress class minimal', { 'spec.controller': 'example.com/d' }),
  classes.put('ingress class changes', 'ingress class minimal', { 'spec.parameters': { kind: 'K', name: 'n' } }),
  classes.table('ingress class as a table', 'ingress-class-with-parameters'),
];

const addressCases = [
  addresses.create('address', { metadata: { name: '192.0.2.1' }, spec: { parentRef } }),
  addresses.create('address not canonical', { metadata: { name: '2001:DB8::1' }, spec: { parentRef } }),
  addresses.create('address that is none', { metadata: { name: 'abc' }, spec: { parentRef } }),
  addresses.create('address without a parent', { metadata: { name: '192.0.2.2' }, spec: {} }),
  addresses.create('address with a bad parent', {
    metadata: { name: '192.0.2.3' },
    spec: { parentRef: { group: 'A', resource: 'a/b', name: '' } },
  }),
  addresses.patch('address changes its parent', '192.0.2.1', { spec: { parentRef: { name: 'y' } } }),
  addresses.table('address as a table', '192.0.2.1'),
  ranges.create('range', { spec: { cidrs: ['192.0.2.0/24'] } }),
  ...ranges.creates(
    { spec: { cidrs: ['192.0.2.0/24'] } },
    {
      'range of nothing': { 'spec.cidrs': [] },
      'range of three': { 'spec.cidrs': ['192.0.2.0/24', '2001:db8::/64', '192.0.3.0/24'] },
      'range of one family twice': { 'spec.cidrs': ['192.0.2.0/24', '192.0.3.0/24'] },
      'range not canonical': { 'spec.cidrs': ['2001:DB8::/64'] },
      'range that is none': { 'spec.cidrs': ['192.0.2.0'] },
      'range with bits too many': { 'spec.cidrs': ['192.0.2.1/24'] },
    },
  ),
  ranges.put('range changes', 'range', { 'spec.cidrs': ['192.0.3.0/24'] }),
  ranges.put('range grows', 'range', { 'spec.cidrs': ['192.0.2.0/24', '2001:db8::/64'] }),
  ranges.put('range shrinks', 'range', { 'spec.cidrs': ['2001:db8::/64'] }),
  ranges.put(
    'range gets a condition',
    'range',
    {
      metadata: { name: 'range', labels: { a: 'b' } },
      status: {
        conditions: [
          { type: 'Ready', status: 'True', reason: 'A', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
        ],
      },
    },
    'status',
  ),
  ranges.table('range as a table', 'range'),
];

export const networkingGroup: KindGroup = {
  name: 'networking',
  cases: [...ingressCases, ...policyCases, ...classCases, ...addressCases],
};
