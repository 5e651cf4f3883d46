import { changed, type Changes, type KindCase, type KindGroup } from '../kind-case.ts';

const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** `widgets.cases.example.com`, with one version. */
export const definition = (plural: string, schema: object, more: Changes = {}): object =>
  changed(
    {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.cases.example.com` },
      spec: {
        group: 'cases.example.com',
        scope: 'Namespaced',
        names: { plural, kind: plural.charAt(0).toUpperCase() + plural.slice(1, -1) },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
      },
    },
    more,
  );

const spec = (properties: object, more: object = {}): object => ({
  type: 'object',
  properties: { spec: { type: 'object', properties, ...more } },
});
const empty = { type: 'object' };

const create = (title: string, body: object): KindCase => ({ title, method: 'POST', path, body });
const creates = (rows: Readonly<Record<string, object>>): KindCase[] =>
  Object.entries(rows).map(([title, schema], i) => create(title, definition(`refused${i}s`, schema)));
const changes = (rows: Readonly<Record<string, Changes>>): KindCase[] =>
  Object.entries(rows).map(([title, more], i) => create(title, definition(`changed${i}s`, empty, more)));

const version = 'spec.versions.0';
const rule = (rules: object[]): object => spec({ x: { type: 'integer' } }, { 'x-kubernetes-validations': rules });
const list = (more: object): object => spec({ l: { type: 'array', items: { type: 'object' }, ...more } });
const keyed = {
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['k'],
};

/** Definitions themselves: what is refused, and how. */
export const definitionGroup: KindGroup = {
  name: 'definitions',
  cases: [
    ...creates({
      'no type at the root': { properties: {} },
      'no type of a field': spec({ x: {} }),
      'no items': spec({ x: { type: 'array' } }),
      'no type of items': spec({ x: { type: 'array', items: {} } }),
      'a type that is none': spec({ x: { type: 'text' } }),
      'root is a string': { type: 'string' },
      'root is nullable': { type: 'object', nullable: true },
      'additionalProperties at the root': { type: 'object', additionalProperties: { type: 'string' } },
      'properties and additionalProperties': spec(
        { a: { type: 'string' } },
        { additionalProperties: { type: 'string' } },
      ),
      'a $ref': spec({ x: { type: 'string', $ref: '#/x' } }),
      'unique items': spec({ x: { type: 'array', uniqueItems: true, items: { type: 'string' } } }),
      'a pattern that is none': spec({ x: { type: 'string', pattern: '[' } }),
      'a type below anyOf': spec({ x: { type: 'string', anyOf: [{ type: 'string' }] } }),
      'a description below not': spec({ x: { type: 'string', not: { description: 'x', enum: ['a'] } } }),
      'a field below allOf alone': spec({}, { allOf: [{ properties: { y: { minimum: 1 } } }] }),
      'preserve is false': spec({ x: { type: 'object', 'x-kubernetes-preserve-unknown-fields': false } }),
      'int-or-string preserves': spec({
        x: { 'x-kubernetes-int-or-string': true, 'x-kubernetes-preserve-unknown-fields': true },
      }),
      'an embedded resource without properties': spec({
        x: { type: 'object', 'x-kubernetes-embedded-resource': true },
      }),
      'an embedded resource without a type': spec({
        x: { 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
      }),
      'metadata is described': {
        type: 'object',
        properties: { metadata: { type: 'object', properties: { labels: { type: 'object' } } } },
      },
      'metadata narrows the name': {
        type: 'object',
        properties: { metadata: { type: 'object', properties: { name: { type: 'string', maxLength: 5 } } } },
      },
      'kind is a number': { type: 'object', properties: { kind: { type: 'integer' } } },
      'a list type that is none': list({ 'x-kubernetes-list-type': 'bag' }),
      'a list type of no list': spec({ x: { type: 'string', 'x-kubernetes-list-type': 'set' } }),
      'a map type that is none': spec({ x: { type: 'object', 'x-kubernetes-map-type': 'bag' } }),
      'a map list without keys': list({ 'x-kubernetes-list-type': 'map' }),
      'keys without a map list': list({ 'x-kubernetes-list-map-keys': ['k'] }),
      'keys that are no properties': list(keyed),
      'keys that are not required': list({
        ...keyed,
        items: { type: 'object', properties: { k: { type: 'string' } } },
      }),
      'keys that are nullable': list({
        ...keyed,
        items: { type: 'object', required: ['k'], properties: { k: { type: 'string', nullable: true } } },
      }),
      'keys that are objects': list({
        ...keyed,
        items: { type: 'object', required: ['k'], properties: { k: { type: 'object' } } },
      }),
      'a set of objects that are merged': list({ 'x-kubernetes-list-type': 'set' }),
      'a set of nullable items': list({
        'x-kubernetes-list-type': 'set',
        items: { type: 'string', nullable: true },
      }),
      'a default of another type': spec({ x: { type: 'string', default: 1 } }),
      'a default with unknown fields': spec({ x: { type: 'object', default: { a: 1 } } }),
      'a default in top-level metadata': {
        type: 'object',
        properties: { metadata: { type: 'object', default: { name: 'x' } } },
      },
      'a rule that does not compile': rule([{ rule: 'self.y > 1' }]),
      'a rule that is no bool': rule([{ rule: 'self.x' }]),
      'a rule without a text': rule([{ rule: ' ' }]),
      'a rule of two lines without a message': rule([{ rule: 'self.x > 1 ||\nself.x < 0' }]),
      'a message of two lines': rule([{ rule: 'self.x > 1', message: 'a\nb' }]),
      'a message expression that is no string': rule([{ rule: 'self.x > 1', messageExpression: 'self.x' }]),
      'a reason that is none': rule([{ rule: 'self.x > 1', reason: 'Because' }]),
      'a field path that leads nowhere': rule([{ rule: 'self.x > 1', fieldPath: '.y' }]),
      'oldSelf where nothing is known again': spec({
        l: {
          type: 'array',
          maxItems: 3,
          items: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] },
        },
      }),
      'optionalOldSelf without oldSelf': rule([{ rule: 'self.x > 1', optionalOldSelf: true }]),
      'a rule that may cost too much': spec({
        x: {
          type: 'array',
          items: {
            type: 'array',
            items: { type: 'string' },
            'x-kubernetes-validations': [{ rule: 'self.all(s, s == "string constant")' }],
          },
        },
      }),
    }),
    ...changes({
      'another name': { 'metadata.name': 'other.cases.example.com' },
      'a group without a dot': { 'spec.group': 'cases', 'metadata.name': 'changed1s.cases' },
      'no group': { 'spec.group': '' },
      'a scope that is none': { 'spec.scope': 'Galaxy' },
      'no scope': { 'spec.scope': '' },
      'no kind': { 'spec.names.kind': '' },
      'a kind with a dot': { 'spec.names.kind': 'A.b' },
      'kind and list kind are the same': { 'spec.names.listKind': 'Changed7' },
      'a short name in capitals': { 'spec.names.shortNames': ['CH'] },
      'a category with a space': { 'spec.names.categories': ['a b'] },
      'no storage version': { [`${version}.storage`]: false },
      'a version in capitals': { [`${version}.name`]: 'V1' },
      'no schema': { [`${version}.schema`]: undefined },
      'versions that are the same': {
        'spec.versions.1': { name: 'v1', served: true, storage: false, schema: { openAPIV3Schema: empty } },
      },
      preserveUnknownFields: { 'spec.preserveUnknownFields': true },
      'a warning without deprecation': { [`${version}.deprecationWarning`]: 'x' },
      'an empty warning': { [`${version}.deprecated`]: true, [`${version}.deprecationWarning`]: '' },
      'a column without a path': { [`${version}.additionalPrinterColumns`]: [{ name: 'A', type: 'string' }] },
      'a column of a type that is none': {
        [`${version}.additionalPrinterColumns`]: [{ name: 'A', type: 'text', jsonPath: '.a' }],
      },
      'a column path without a dot': {
        [`${version}.additionalPrinterColumns`]: [{ name: 'A', type: 'string', jsonPath: 'a' }],
      },
      'a column format that is none': {
        [`${version}.additionalPrinterColumns`]: [{ name: 'A', type: 'string', format: 'x', jsonPath: '.a' }],
      },
      'scale without paths': { [`${version}.subresources`]: { scale: {} } },
      'scale paths elsewhere': {
        [`${version}.subresources`]: { scale: { specReplicasPath: '.a.b', statusReplicasPath: '.spec.b' } },
      },
      'a selectable field that is not there': { [`${version}.selectableFields`]: [{ jsonPath: '.spec.x' }] },
      'conversion that is none': { 'spec.conversion': { strategy: 'Magic' } },
      'a webhook without a client': { 'spec.conversion': { strategy: 'Webhook' } },
      'a webhook over http': {
        'spec.conversion': {
          strategy: 'Webhook',
          webhook: { conversionReviewVersions: ['v1'], clientConfig: { url: 'http://x' } },
        },
      },
      'a webhook with unknown reviews': {
        'spec.conversion': {
          strategy: 'Webhook',
          webhook: { conversionReviewVersions: ['v9'], clientConfig: { url: 'https://x' } },
        },
      },
      'a webhook of a service without a name': {
        'spec.conversion': {
          strategy: 'Webhook',
          webhook: { conversionReviewVersions: ['v1'], clientConfig: { service: { namespace: 'x', name: '' } } },
        },
      },
      'a webhook for None': {
        'spec.conversion': {
          strategy: 'None',
          webhook: { conversionReviewVersions: ['v1'], clientConfig: { url: 'https://x' } },
        },
      },
      'an unknown format': {
        [`${version}.schema.openAPIV3Schema`]: spec({ x: { type: 'string', format: 'colour' } }),
      },
    }),
    create('a group of Kubernetes', {
      ...definition('protecteds', empty, { 'spec.group': 'x.k8s.io', 'metadata.name': 'protecteds.x.k8s.io' }),
    }),
  ],
};
