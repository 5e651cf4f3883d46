import { ResourceCases } from '../kind-case.ts';
import type { KindGroup } from '../kind-case.ts';

const flow = '/apis/flowcontrol.apiserver.k8s.io/v1';
const schemas = new ResourceCases(`${flow}/flowschemas`);
const levels = new ResourceCases(`${flow}/prioritylevelconfigurations`);
const services = new ResourceCases('/apis/apiregistration.k8s.io/v1/apiservices');
const leases = new ResourceCases('/apis/coordination.k8s.io/v1/namespaces/{ns}/leases');
const slices = new ResourceCases('/apis/discovery.k8s.io/v1/namespaces/{ns}/endpointslices');
const events = new ResourceCases('/apis/events.k8s.io/v1/namespaces/{ns}/events');

const rule = {
  subjects: [{ kind: 'Group', group: { name: 'g' } }],
  resourceRules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['*'] }],
};
const schema = { spec: { priorityLevelConfiguration: { name: 'global-default' }, rules: [rule] } };
const level = { spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: {} } } } };
const response = 'spec.limited.limitResponse';

const flowCases = [
  schemas.create('flow schema', schema),
  schemas.create('flow schema minimal', { spec: { priorityLevelConfiguration: { name: 'x' } } }),
  ...schemas.creates(schema, {
    'flow schema of nothing': { spec: {} },
    'flow schema with precedence 1': { 'spec.matchingPrecedence': 1 },
    'flow schema with a precedence too high': { 'spec.matchingPrecedence': 10001 },
    'flow schema with a negative precedence': { 'spec.matchingPrecedence': -1 },
    'flow schema with an unknown method': { 'spec.distinguisherMethod': { type: 'ByDay' } },
    'flow schema with a bad level': { 'spec.priorityLevelConfiguration.name': 'A_' },
    'flow schema without subjects': { 'spec.rules.0.subjects': [] },
    'flow schema without rules': { 'spec.rules.0.resourceRules': [] },
    'flow schema with an unknown subject': { 'spec.rules.0.subjects': [{ kind: 'Robot' }] },
    'flow schema with a subject of another kind': {
      'spec.rules.0.subjects': [
        { kind: 'User', group: { name: 'g' } },
        { kind: 'Group', user: { name: 'u' } },
      ],
    },
    'flow schema with bad accounts': {
      'spec.rules.0.subjects': [
        { kind: 'ServiceAccount' },
        { kind: 'ServiceAccount', serviceAccount: { name: '', namespace: '' } },
        { kind: 'ServiceAccount', serviceAccount: { name: 'A_', namespace: 'A_' } },
      ],
    },
    'flow schema with an empty rule': { 'spec.rules.0.resourceRules': [{}] },
    'flow schema with stars and more': {
      'spec.rules.0.resourceRules': [
        { verbs: ['*', 'get'], apiGroups: ['*', 'a'], resources: ['*', 'b'], namespaces: ['*', 'c'] },
      ],
    },
    'flow schema with bad names': {
      'spec.rules.0.resourceRules': [{ verbs: ['fly'], apiGroups: ['a'], resources: ['b'], namespaces: ['A_'] }],
    },
    'flow schema with bad paths': {
      'spec.rules.0.nonResourceRules': [
        { verbs: ['get'], nonResourceURLs: ['', '/', 'a', '/a b', '/a//b', '/a*', '/*/b', '/a/*'] },
        {},
      ],
    },
  }),
  schemas.patch('flow schema of the server changes', 'exempt', { spec: { matchingPrecedence: 2 } }),
  schemas.patch(
    'flow schema gets a bad status',
    'flow-schema',
    { status: { conditions: [{ type: 'A' }, { type: '' }] } },
    'status',
  ),
  levels.create('level', level),
  levels.create('level that rejects', { spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } } }),
  ...levels.creates(level, {
    'level of nothing': { spec: {} },
    'level that is exempt': { spec: { type: 'Exempt' } },
    'level of an unknown type': { 'spec.type': 'Half' },
    'level without limits': { 'spec.limited': undefined },
    'level with both': { 'spec.exempt': {} },
    'level with negative shares': {
      'spec.limited.nominalConcurrencyShares': -1,
      'spec.limited.lendablePercent': 101,
      'spec.limited.borrowingLimitPercent': -1,
    },
    'level without a response': { [response]: {} },
    'level with an unknown response': { [response]: { type: 'Wait' } },
    'level that queues without queues': { [response]: { type: 'Queue' } },
    'level that rejects with queues': { [response]: { type: 'Reject', queuing: {} } },
    'level with bad queues': { [`${response}.queuing`]: { queues: -1, handSize: -1, queueLengthLimit: -1 } },
    'level with a hand too large': { [`${response}.queuing`]: { queues: 4, handSize: 5 } },
    'level with too many bits': { [`${response}.queuing`]: { queues: 512, handSize: 8 } },
  }),
  levels.patch('level changes', 'level', { spec: { limited: { nominalConcurrencyShares: 7 } } }),
  levels.patch('level of the server changes', 'catch-all', { spec: { limited: { nominalConcurrencyShares: 7 } } }),
  levels.patch('exempt level changes its shares', 'exempt', { spec: { exempt: { nominalConcurrencyShares: 7 } } }),
  levels.patch('exempt level is limited', 'exempt', { spec: { type: 'Limited' } }),
  levels.table('level as a table', 'level'),
];

const service = {
  spec: {
    group: 'a.io',
    version: 'v1',
    groupPriorityMinimum: 100,
    versionPriority: 10,
    service: { name: 's', namespace: 'n' },
  },
};
const serviceCases = [
  services.create('api service', { ...service, metadata: { name: 'v1.a.io' } }),
  services.create('api service served here', {
    metadata: { name: 'v1.b.io' },
    spec: { group: 'b.io', version: 'v1', groupPriorityMinimum: 100, versionPriority: 10 },
  }),
  ...services.creates(service, {
    'api service of another name': {},
    'api service of nothing': { spec: {} },
    'api service with bad names': { 'metadata.name': 'V_.A_', 'spec.group': 'A_', 'spec.version': 'V_' },
    'api service with priorities too high': {
      'metadata.name': 'v2.a.io',
      'spec.version': 'v2',
      'spec.groupPriorityMinimum': 20001,
      'spec.versionPriority': 1001,
    },
    'api service without a service name': {
      'metadata.name': 'v2.a.io',
      'spec.version': 'v2',
      'spec.service': { port: 70000 },
    },
    'api service local and insecure': {
      'metadata.name': 'v2.a.io',
      'spec.version': 'v2',
      'spec.service': undefined,
      'spec.insecureSkipTLSVerify': true,
      'spec.caBundle': 'YWJj',
    },
    'api service insecure with a bundle': {
      'metadata.name': 'v2.a.io',
      'spec.version': 'v2',
      'spec.insecureSkipTLSVerify': true,
      'spec.caBundle': 'YWJj',
    },
  }),
  services.patch(
    'api service gets a bad status',
    'v1.a.io',
    { status: { conditions: [{ type: 'Available', status: 'Maybe' }] } },
    'status',
  ),
  services.get('api service of pods', 'v1.'),
  services.table('api service as a table', 'v1.apps'),
];

const endpoint = { addressType: 'IPv4', endpoints: [{ addresses: ['192.0.2.1'] }], ports: [{ port: 80 }] };
const event = {
  eventTime: '2026-01-01T00:00:00.000000Z',
  reportingController: 'a.io/c',
  reportingInstance: 'i',
  action: 'Act',
  reason: 'Because',
  type: 'Normal',
  regarding: { kind: 'Pod', namespace: 'k-control', name: 'p' },
};
const restCases = [
  leases.create('lease minimal', {}),
  leases.create('lease with all', {
    spec: {
      holderIdentity: 'h',
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-01T00:00:00.123456Z',
      renewTime: '2026-01-01T00:00:00.000000Z',
      leaseTransitions: 2,
    },
  }),
  ...leases.creates(
    {},
    {
      'lease of no time': { 'spec.leaseDurationSeconds': 0, 'spec.leaseTransitions': -1 },
      'lease with a strategy': { 'spec.strategy': 'OldestEmulationVersion', 'spec.preferredHolder': 'x' },
      'lease with an unknown strategy': { 'spec.strategy': 'Random' },
      'lease that prefers without a strategy': { 'spec.preferredHolder': 'x' },
      'lease with a bad time': { 'spec.renewTime': '2026-01-01T00:00:00Z' },
    },
  ),
  leases.put('lease without a version', 'lease minimal', { 'spec.holderIdentity': 'x' }),
  leases.patch('lease changes', 'lease-minimal', { spec: { holderIdentity: 'x' } }),
  leases.table('leases as a table'),
  slices.create('slice', endpoint),
  slices.create('slice minimal', { addressType: 'IPv6', endpoints: [] }),
  ...slices.creates(endpoint, {
    'slice without a type': { addressType: undefined },
    'slice of an unknown type': { addressType: 'IPX' },
    'slice of names': { addressType: 'FQDN', 'endpoints.0.addresses': ['a.example.com'] },
    'slice with a wrong family': { 'endpoints.0.addresses': ['2001:db8::1'] },
    'slice with a loopback address': { 'endpoints.0.addresses': ['127.0.0.1'] },
    'slice without addresses': { 'endpoints.0.addresses': [] },
    'slice with bad ports': {
      ports: [{ name: 'A_', protocol: 'ICMP' }, { name: '' }, { name: '' }, { appProtocol: 'a b' }],
    },
    'slice with a bad host name': { 'endpoints.0.hostname': 'a.b', 'endpoints.0.nodeName': 'N_' },
    'slice with topology': { 'endpoints.0.deprecatedTopology': { a: 'b' } },
    'slice with hints': { 'endpoints.0.hints': { forZones: [{ name: 'z' }, { name: 'z' }] } },
  }),
  slices.patch('slice changes its type', 'slice', { addressType: 'IPv6' }),
  slices.patch('slice changes', 'slice', { ports: [{ name: 'x', port: 81 }] }),
  slices.table('slices as a table'),
  events.create('event', event),
  ...events.creates(event, {
    'event without a time': { eventTime: undefined },
    'event without a controller': { reportingController: '', reportingInstance: '' },
    'event without words': { action: '', reason: '' },
    'event of an unknown type': { type: 'Odd' },
    'event of elsewhere': { 'regarding.namespace': 'default' },
    'event with a series of one': { series: { count: 1, lastObservedTime: '2026-01-01T00:00:00.000000Z' } },
    'event with an old count': { deprecatedCount: 1 },
  }),
  events.patch('event repeats', 'event', { series: { count: 2, lastObservedTime: '2026-01-01T00:00:00.000000Z' } }),
  events.patch('event changes', 'event', { note: 'x' }),
  events.table('events as a table'),
];

export const controlGroup: KindGroup = { name: 'control', cases: [...flowCases, ...serviceCases, ...restCases] };
