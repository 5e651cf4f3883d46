import t from 'tap';
import type { SchemaProps } from '../../api/crd/schema-props.ts';
import type { ResourceInfo } from '../pipeline.ts';
import type { Schema } from '../openapi/openapi-types.ts';
import { customSchemas, type Dialect } from './custom-openapi.ts';

const info = { group: 'a.b', version: 'v1', kind: 'Foo', resource: 'foos', typeName: 'b.a.v1.Foo' } as ResourceInfo;
const preserve = { 'x-kubernetes-preserve-unknown-fields': true } as const;
const kindSchema = (schema: SchemaProps | undefined, dialect: Dialect): Schema =>
  customSchemas(info, { schema, listKind: 'FooList' }, dialect, (type) => ({ $ref: type })).kind;
const fieldOf = (field: SchemaProps, dialect: Dialect): unknown =>
  kindSchema({ type: 'object', properties: { field } }, dialect).properties?.['field'];

void t.test('a kind whose fields are not all known names none to kubectl', (t) => {
  const groupVersionKind = { 'x-kubernetes-group-version-kind': [{ group: 'a.b', kind: 'Foo', version: 'v1' }] };
  const open = { type: 'object', ...groupVersionKind };
  t.same(kindSchema({ type: 'object', ...preserve }, 'v2'), open);
  t.same(kindSchema(undefined, 'v2'), open);
  t.same(kindSchema(undefined, 'v3'), open);
  t.match(kindSchema({ type: 'object', ...preserve }, 'v3'), { ...preserve, properties: { kind: { type: 'string' } } });
  t.end();
});

void t.test('what OpenAPI v2 has no words for is left open', (t) => {
  const string: SchemaProps = { type: 'string' };
  const cases: [name: string, field: SchemaProps, v2: object][] = [
    ['nullable', { ...string, nullable: true }, {}],
    ['a nullable list', { type: 'array', nullable: true, items: string }, {}],
    ['unknown fields', { type: 'object', properties: { a: string }, ...preserve }, preserve],
    ['a list of anything', { type: 'array', items: string, ...preserve }, preserve],
    ['alternatives', { ...string, anyOf: [{ pattern: 'a' }] }, string],
    [
      'a nullable field is not required',
      { type: 'object', required: ['a', 'b'], properties: { a: { ...string, nullable: true }, b: string } },
      { type: 'object', required: ['b'], properties: { a: {}, b: string } },
    ],
  ];
  for (const [name, field, v2] of cases) {
    t.same(fieldOf(field, 'v2'), v2, name);
    t.same(fieldOf(field, 'v3'), field, `${name}, in v3`);
  }
  t.end();
});
