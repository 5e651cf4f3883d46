import { ResourceCases } from '../kind-case.ts';
import type { KindGroup } from '../kind-case.ts';

const api = '/apis/resource.k8s.io/v1';
const classes = new ResourceCases(`${api}/deviceclasses`);
const claims = new ResourceCases(`${api}/namespaces/{ns}/resourceclaims`);
const templates = new ResourceCases(`${api}/namespaces/{ns}/resourceclaimtemplates`);
const slices = new ResourceCases(`${api}/resourceslices`);

const exactly = { deviceClassName: 'c' };
const claim = { spec: { devices: { requests: [{ name: 'r', exactly }] } } };
const request = 'spec.devices.requests.0';
const opaque = { driver: 'd.io', parameters: { a: 1 } };
const slice = {
  spec: { driver: 'd.io', nodeName: 'n', pool: { name: 'p', resourceSliceCount: 1 }, devices: [{ name: 'd' }] },
};
const result = { request: 'r', driver: 'd.io', pool: 'p', device: 'd' };
const consumer = { resource: 'pods', name: 'p', uid: 'u' };

const claimCases = [
  claims.create('claim', claim),
  claims.create('claim minimal', {}),
  ...claims.creates(claim, {
    'claim without a name': { [`${request}.name`]: '' },
    'claim with a bad name': { [`${request}.name`]: 'A_' },
    'claim of nothing': { [`${request}.exactly`]: undefined },
    'claim of both': { [`${request}.firstAvailable`]: [{ name: 'a', deviceClassName: 'c' }] },
    'claim of the first': {
      'spec.devices.requests': [
        {
          name: 'r',
          firstAvailable: [
            { name: 'a', deviceClassName: 'c' },
            { name: 'b', deviceClassName: 'd' },
          ],
        },
      ],
    },
    'claim of bad firsts': {
      'spec.devices.requests': [
        { name: 'r', firstAvailable: [{ name: 'A_' }, { name: 'a', deviceClassName: 'C_', count: -1 }] },
      ],
    },
    'claim without a class': { [`${request}.exactly`]: {} },
    'claim with a bad class': { [`${request}.exactly.deviceClassName`]: 'C_' },
    'claim of all': { [`${request}.exactly.allocationMode`]: 'All' },
    'claim of all three': { [`${request}.exactly.allocationMode`]: 'All', [`${request}.exactly.count`]: 3 },
    'claim of less than none': { [`${request}.exactly.count`]: -1 },
    'claim in an unknown mode': { [`${request}.exactly.allocationMode`]: 'Some' },
    'claim with an empty selector': { [`${request}.exactly.selectors`]: [{}] },
    'claim with a selector': { [`${request}.exactly.selectors`]: [{ cel: { expression: 'device.driver == "d.io"' } }] },
    'claim with tolerations': {
      [`${request}.exactly.tolerations`]: [
        { key: 'k', operator: 'Exists' },
        { operator: 'Equal' },
        { key: 'k', operator: 'Near', effect: 'Odd' },
      ],
    },
    'claim twice': { 'spec.devices.requests.1': { name: 'r', exactly } },
    'claim with constraints': { 'spec.devices.constraints': [{ requests: ['r'], matchAttribute: 'd.io/a' }] },
    'claim with bad constraints': {
      'spec.devices.constraints': [{ requests: ['x', 'a/b/c', 'r', 'r'] }, { matchAttribute: 'a' }],
    },
    'claim with configuration': { 'spec.devices.config': [{ requests: ['r'], opaque }] },
    'claim with bad configuration': {
      'spec.devices.config': [
        { requests: ['x'] },
        { opaque: { driver: '' } },
        { opaque: { driver: 'D_', parameters: 'x' } },
      ],
    },
  }),
  claims.patch('claim changes', 'claim', { spec: { devices: { requests: [] } } }),
  claims.patch('claim is reserved without being allocated', 'claim', { status: { reservedFor: [consumer] } }, 'status'),
  claims.patch(
    'claim is allocated',
    'claim',
    {
      metadata: { labels: { a: 'b' } },
      status: { allocation: { devices: { results: [result] } }, reservedFor: [consumer] },
    },
    'status',
  ),
  claims.patch(
    'claim is allocated otherwise',
    'claim',
    { status: { allocation: { devices: { results: [{ ...result, device: 'e' }] } } } },
    'status',
  ),
  claims.patch(
    'claim is badly reserved',
    'claim',
    { status: { reservedFor: [{}, { ...consumer, uid: 'v' }, { ...consumer, uid: 'v' }] } },
    'status',
  ),
  claims.patch(
    'claim is badly allocated',
    'claim-of-all',
    {
      status: {
        allocation: {
          devices: {
            results: [{ request: 'x', driver: '', pool: '', device: '' }],
            config: [{ source: 'Odd', opaque }],
          },
        },
      },
    },
    'status',
  ),
  claims.patch(
    'claim has a device',
    'claim',
    { status: { devices: [{ driver: 'd.io', pool: 'p', device: 'd', conditions: [] }] } },
    'status',
  ),
  claims.patch(
    'claim has a device of another',
    'claim',
    { status: { devices: [{ driver: 'd.io', pool: 'p', device: 'x' }] } },
    'status',
  ),
  claims.table('claims as a table'),
  templates.create('template', { spec: claim }),
  templates.create('template minimal', {}),
  templates.create('template with bad parts', {
    spec: { metadata: { labels: { 'a b': 'c d' } }, spec: { devices: { requests: [{ name: 'r' }] } } },
  }),
  templates.patch('template changes', 'template', { spec: { metadata: { labels: { a: 'b' } } } }),
  templates.table('templates as a table'),
];

const classCases = [
  classes.create('class minimal', {}),
  classes.create('class with all', {
    spec: { selectors: [{ cel: { expression: 'true' } }], config: [{ opaque }], extendedResourceName: 'd.io/gpu' },
  }),
  classes.create('class with bad parts', { spec: { selectors: [{}], config: [{}], extendedResourceName: 'cpu' } }),
  classes.create('class with a bad name', { metadata: { name: 'C_' } }),
  classes.patch('class changes', 'class-minimal', { spec: { config: [{ opaque }] } }),
  classes.table('class as a table', 'class-with-all'),
  classes.delete('class goes', 'class-minimal'),
];

const sliceCases = [
  slices.create('slice', slice),
  slices.create('slice of all nodes', {
    spec: { driver: 'd.io', allNodes: true, pool: { name: 'p', resourceSliceCount: 1 } },
  }),
  ...slices.creates(slice, {
    'slice of nothing': { spec: {} },
    'slice without a driver': { 'spec.driver': '' },
    'slice with a bad driver': { 'spec.driver': 'D_' },
    'slice with capitals': { 'spec.driver': 'D.io' },
    'slice with a bad pool': { 'spec.pool': { name: 'A_/b', resourceSliceCount: 0, generation: -1 } },
    'slice without a node': { 'spec.nodeName': undefined },
    'slice of an empty node': { 'spec.nodeName': '' },
    'slice of two': { 'spec.allNodes': true },
    'slice of not all': { 'spec.nodeName': undefined, 'spec.allNodes': false },
    'slice with a device twice': { 'spec.devices.1': { name: 'd' } },
    'slice with a bad device': { 'spec.devices.0.name': 'D_' },
    'slice with attributes': {
      'spec.devices.0.attributes': {
        a: { int: 1 },
        'd.io/b': { string: 's' },
        c: { bool: true },
        v: { version: '1.2.3' },
      },
    },
    'slice with bad attributes': {
      'spec.devices.0.attributes': { 'a b': { int: 1 }, c: {}, d: { int: 1, string: 's' }, e: { version: '1' } },
    },
    'slice with capacity': { 'spec.devices.0.capacity': { memory: { value: '1Gi' } } },
    'slice with taints': { 'spec.devices.0.taints': [{ key: 'k', effect: 'NoSchedule' }] },
    'slice with bad taints': {
      'spec.devices.0.taints': [
        { key: '', effect: '' },
        { key: 'a b', value: 'c d', effect: 'Odd' },
      ],
    },
  }),
  slices.patch('slice changes its node', 'slice', { spec: { nodeName: 'm' } }),
  slices.patch('slice changes', 'slice', { spec: { devices: [{ name: 'e' }] } }),
  slices.table('slice as a table', 'slice'),
];

export const deviceGroup: KindGroup = { name: 'devices', cases: [...claimCases, ...classCases, ...sliceCases] };
