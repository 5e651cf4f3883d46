import t from 'tap';
import { errorText } from '../meta/field-error.ts';
import { validateCreate, validateStatusUpdate, validateUpdate } from './validate.ts';

const gvk = (kind: string) => ({ group: 'networking.k8s.io', version: 'v1', kind });
const texts = (kind: string, object: object): string[] =>
  validateCreate(gvk(kind), { metadata: { name: 'x', namespace: 'default' }, ...object }).map(errorText);
const clusterTexts = (kind: string, object: object): string[] =>
  validateCreate(gvk(kind), { metadata: { name: 'x' }, ...object }).map(errorText);

const rule = (path: object, host?: string) => ({ spec: { rules: [{ host, http: { paths: [path] } }] } });
const backend = { service: { name: 's', port: { number: 80 } } };

const ingresses: [title: string, object: object, errors: string[]][] = [
  ['a default backend is enough', { spec: { defaultBackend: backend } }, []],
  ['a rule is enough', rule({ path: '/', pathType: 'Prefix', backend }, '*.example.com'), []],
  [
    'nothing to serve',
    { spec: {} },
    ['spec: Invalid value: []networking.IngressRule(nil): either `defaultBackend` or `rules` must be specified'],
  ],
  [
    'no type of path',
    rule({ path: '/', backend }),
    ['spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified'],
  ],
  [
    'an unknown type of path',
    rule({ path: '/', pathType: 'Glob', backend }),
    [
      'spec.rules[0].http.paths[0].pathType: Unsupported value: "Glob": supported values: "Exact", "ImplementationSpecific", "Prefix"',
    ],
  ],
  [
    'steps in a path',
    rule({ path: 'a/../b', pathType: 'Exact', backend }),
    [
      'spec.rules[0].http.paths[0].path: Invalid value: "a/../b": must be an absolute path',
      'spec.rules[0].http.paths[0].path: Invalid value: "a/../b": must not contain \'/../\'',
    ],
  ],
  [
    'an address as host',
    rule({ path: '/', pathType: 'Prefix', backend }, '10.1.2.3'),
    ['spec.rules[0].host: Invalid value: "10.1.2.3": must be a DNS name, not an IP address'],
  ],
  [
    'a backend without a port',
    { spec: { defaultBackend: { service: { name: 's' } } } },
    ['spec.defaultBackend: Required value: port name or number is required'],
  ],
  [
    'two backends in one',
    { spec: { defaultBackend: { ...backend, resource: { kind: 'A', name: 'b' } } } },
    ['spec.defaultBackend: Invalid value: "": cannot set both resource and service backends'],
  ],
];

void t.test('ingresses are refused in a real server’s words', (t) => {
  for (const [title, object, errors] of ingresses) t.same(texts('Ingress', object), errors, title);
  const old = { metadata: { name: 'x', namespace: 'd', resourceVersion: '1' } };
  const status = { loadBalancer: { ingress: [{ hostname: '1.2.3.4' }] } };
  t.same(validateStatusUpdate(gvk('Ingress'), { ...old, status }, old).map(errorText), [
    'status.loadBalancer.ingress[0].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
  ]);
  t.end();
});

void t.test('the controller of an ingress class is a path below a domain, and stays', (t) => {
  t.same(clusterTexts('IngressClass', { spec: { controller: 'acme.io/foo' } }), []);
  t.same(clusterTexts('IngressClass', { spec: { controller: 'foo' } }), [
    'spec.controller: Invalid value: "foo": must be a domain-prefixed path (such as "acme.io/foo")',
  ]);
  const parameters = { kind: 'K', name: 'n', scope: 'Namespace' };
  t.same(clusterTexts('IngressClass', { spec: { controller: 'a.io/b', parameters } }), [
    "spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'",
  ]);
  const metadata = { name: 'x', resourceVersion: '1' };
  const change = [{ controller: 'a.io/c' }, { controller: 'a.io/b' }].map((spec) => ({ metadata, spec }));
  t.same(validateUpdate(gvk('IngressClass'), change[0] as object, change[1] as object).map(errorText), [
    'spec.controller: Invalid value: "a.io/c": field is immutable',
  ]);
  t.end();
});

const policies: [title: string, spec: object, errors: string[]][] = [
  ['a port range', { ingress: [{ ports: [{ protocol: 'TCP', port: 1, endPort: 9 }] }] }, []],
  [
    'a range that ends before it begins',
    { ingress: [{ ports: [{ port: 9, endPort: 1 }] }] },
    ['spec.ingress[0].ports[0].endPort: Invalid value: 1: must be greater than or equal to `port`'],
  ],
  ['an empty peer', { egress: [{ to: [{}] }] }, ['spec.egress[0].to[0]: Required value: must specify a peer']],
  [
    'an exception outside',
    { egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16', '11.0.0.0/8'] } }] }] },
    ['spec.egress[0].to[0].ipBlock.except[1]: Invalid value: "11.0.0.0/8": must be a strict subset of `cidr`'],
  ],
  [
    'a block with bits too many, beside another peer',
    { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.1/8' }, podSelector: {} }] }] },
    [
      'spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length',
      'spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer',
    ],
  ],
  [
    'an unknown type',
    { policyTypes: ['Sideways'] },
    ['spec.policyTypes[0]: Unsupported value: "Sideways": supported values: "Ingress", "Egress"'],
  ],
];

void t.test('network policies are refused in a real server’s words', (t) => {
  for (const [title, spec, errors] of policies) {
    t.same(texts('NetworkPolicy', { spec: { podSelector: {}, ...spec } }), errors, title);
  }
  t.end();
});

const cidrs: [cidrs: string[], errors: string[]][] = [
  [['10.0.0.0/16'], []],
  [['10.0.0.0/16', 'fd00::/64'], []],
  [[], ['spec.cidrs: Required value: at least one CIDR required']],
  [['FD00::/64'], ['spec.cidrs[0]: Invalid value: "FD00::/64": must be in canonical form ("fd00::/64")']],
  [
    ['10.0.0.0/16', '10.1.0.0/16'],
    [
      'spec.cidrs: Invalid value: []string{"10.0.0.0/16", "10.1.0.0/16"}: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
    ],
  ],
];

void t.test('service ranges: one a family, in canonical form; a second one may be added', (t) => {
  for (const [spec, errors] of cidrs) t.same(clusterTexts('ServiceCIDR', { spec: { cidrs: spec } }), errors);
  const cidr = (...list: string[]) => ({ metadata: { name: 'x', resourceVersion: '1' }, spec: { cidrs: list } });
  const update = (after: object, before: object): string[] =>
    validateUpdate(gvk('ServiceCIDR'), after, before).map(errorText);
  t.same(update(cidr('10.0.0.0/16', 'fd00::/64'), cidr('10.0.0.0/16')), []);
  t.same(update(cidr('10.1.0.0/16'), cidr('10.0.0.0/16')), [
    'spec.cidrs[0]: Invalid value: "10.1.0.0/16": field is immutable',
  ]);
  t.end();
});

void t.test('an IPAddress is named as it is written in canonical form, and has a parent', (t) => {
  const parentRef = { resource: 'services', name: 's', namespace: 'd' };
  const named = (name: string): string[] =>
    validateCreate(gvk('IPAddress'), { metadata: { name }, spec: { parentRef } }).map(errorText);
  t.same(named('10.0.0.1'), []);
  t.same(named('::1:0'), []);
  t.same(named('FD00::1'), ['metadata.name: Invalid value: "FD00::1": must be in canonical form ("fd00::1")']);
  t.same(validateCreate(gvk('IPAddress'), { metadata: { name: '10.0.0.1' }, spec: {} }).map(errorText), [
    'spec.parentRef: Required value',
  ]);
  t.end();
});
