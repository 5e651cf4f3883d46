import t from 'tap';
import { errorText } from '../meta/field-error.ts';
import type { SchemaProps } from './schema-props.ts';
import { validateValue } from './value-validation.ts';

const texts = (value: unknown, schema: SchemaProps, old?: unknown): string[] =>
  validateValue(value, schema, old === undefined ? {} : { old: { value: old } }).map(errorText);
const object = (properties: Record<string, SchemaProps>, more: SchemaProps = {}): SchemaProps => ({
  type: 'object',
  properties,
  ...more,
});

const rows: [title: string, value: unknown, schema: SchemaProps, expected: string[]][] = [
  ['nothing wrong', { a: 1 }, object({ a: { type: 'integer' } }), []],
  ['an integer is a number', { a: 1 }, object({ a: { type: 'number' } }), []],
  [
    'null',
    { a: null },
    object({ a: { type: 'string' } }),
    ['a: Invalid value: "null": a in body must be of type string: "null"'],
  ],
  ['null where it may be', { a: null }, object({ a: { type: 'string', nullable: true } }), []],
  [
    'null is in no enum',
    { a: null },
    object({ a: { type: 'string', nullable: true, enum: ['x'] } }),
    ['a: Unsupported value: null: supported values: "x"'],
  ],
  [
    'int32',
    { a: 2 ** 31 },
    object({ a: { type: 'integer', format: 'int32' } }),
    ['<nil>: Invalid value: "": Checked value must be of type integer with format int32 in a'],
  ],
  [
    'not',
    { a: 'x' },
    object({ a: { type: 'string', not: { enum: ['x'] } } }),
    ['<nil>: Invalid value: "": "a" must not validate the schema (not)'],
  ],
  [
    'a forbidden property',
    { a: { b: 1 } },
    object({ a: { type: 'object', additionalProperties: false } }),
    ['a: Invalid value: "b": a.b in body is a forbidden property'],
  ],
  ['an unknown format says nothing', { a: 'x' }, object({ a: { type: 'string', format: 'colour' } }), []],
  ['characters are counted, not their bytes', { a: '😀😀' }, object({ a: { type: 'string', maxLength: 2 } }), []],
];

void t.test('validateValue answers as kube-openapi does', (t) => {
  for (const [title, value, schema, expected] of rows) t.same(texts(value, schema), expected, title);
  t.end();
});

void t.test('a pattern that backtracks holds nobody up', (t) => {
  const schema = object({ a: { type: 'string', pattern: '^(a+)+$' } });
  t.equal(texts({ a: `${'a'.repeat(5_000)}!` }, schema).length, 1);
  t.end();
});

void t.test('what did not change is forgiven', (t) => {
  const short: SchemaProps = { type: 'string', maxLength: 2 };
  const schema = object({
    a: short,
    b: short,
    list: { type: 'array', items: short },
    map: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
      items: object({ k: { type: 'string' }, v: short }),
    },
  });
  t.same(texts({ a: 'long', b: 'x' }, schema, { a: 'long', b: 'y' }), [], 'a field beside one that changed');
  t.same(texts({ a: 'longer' }, schema, { a: 'long' }), ['a: Too long: may not be more than 2 bytes']);
  t.same(texts({ list: ['long'] }, schema, { list: ['long'] }), [], 'a list that is the same');
  t.equal(texts({ list: ['long', 'x'] }, schema, { list: ['long'] }).length, 1, 'items of plain lists are nobody’s');
  const before = { map: [{ k: 'a', v: 'long' }] };
  t.same(
    texts(
      {
        map: [
          { k: 'b', v: 'x' },
          { k: 'a', v: 'long' },
        ],
      },
      schema,
      before,
    ),
    [],
    'items are known by their keys',
  );
  t.end();
});
