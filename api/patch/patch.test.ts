import t from 'tap';
import { deepEqual } from '../meta/deep-equal.ts';
import { StatusError } from '../meta/status.ts';
import { typeOf } from '../schema/schema.ts';
import { readTestdata } from '../testdata/read-testdata.ts';
import { applyPatch, parsePatch } from './apply-patch.ts';
import { applyMergePatch } from './json-merge.ts';
import { applyJsonPatch, operationsMax } from './json-patch.ts';
import { applyStrategicPatch } from './strategic.ts';

type Json = Record<string, unknown>;
const pod = 'io.k8s.api.core.v1.Pod';

/** Nulls are dropped when the result is decoded. */
const withoutNulls = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, v]) => v !== null)
      .map(([k, v]) => [k, withoutNulls(v)]),
  );
};

void t.test('strategic patches have the results of apimachinery 0.36', (t) => {
  interface Case {
    kind: string;
    original: Json;
    patch: Json;
    result?: Json;
    error?: string;
  }
  for (const { kind, original, patch, result, error } of readTestdata<Case[]>('../testdata/strategic-patches.json')) {
    const name = typeOf(kind === 'Deployment' ? 'apps' : '', 'v1', kind) as string;
    const title = JSON.stringify(patch).slice(0, 100);
    if (error !== undefined) t.throws(() => applyStrategicPatch(original, patch, name), { message: error }, title);
    else t.ok(deepEqual(withoutNulls(applyStrategicPatch(original, patch, name)), withoutNulls(result)), title);
  }
  t.end();
});

void t.test('strategic directives', (t) => {
  const containers = [{ name: 'a', image: '1', args: ['x'] }, { name: 'b' }];
  const live = { spec: { containers, nodeSelector: { x: 'y' }, volumes: [{ name: 'v', emptyDir: {} }] } };
  const cases: [name: string, patch: Json, result: Json][] = [
    [
      'merge by name',
      { containers: [{ name: 'b', image: '2' }] },
      { containers: [containers[0], { name: 'b', image: '2' }] },
    ],
    ['new items first', { containers: [{ name: 'c' }] }, { containers: [{ name: 'c' }, ...containers] }],
    ['$patch: delete', { containers: [{ name: 'a', $patch: 'delete' }] }, { containers: [{ name: 'b' }] }],
    ['$patch: replace a list', { containers: [{ name: 'z' }, { $patch: 'replace' }] }, { containers: [{ name: 'z' }] }],
    ['$patch: replace a map', { nodeSelector: { $patch: 'replace', q: 'r' } }, { nodeSelector: { q: 'r' } }],
    ['$patch: delete a map', { nodeSelector: { $patch: 'delete' } }, { nodeSelector: {} }],
    ['null', { nodeSelector: null }, { nodeSelector: undefined }],
    [
      '$setElementOrder',
      { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] },
      { containers: [containers[1], containers[0]] },
    ],
    [
      '$retainKeys',
      { volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/x' } }] },
      { volumes: [{ name: 'v', hostPath: { path: '/x' } }] },
    ],
    [
      'lists without a key are replaced',
      { containers: [{ name: 'a', args: ['y'] }] },
      { containers: [{ name: 'a', image: '1', args: ['y'] }, { name: 'b' }] },
    ],
  ];
  for (const [name, patch, result] of cases) {
    const spec = applyStrategicPatch(live, { spec: patch }, pod)['spec'] as Json;
    for (const key of Object.keys(result)) t.same(spec[key], result[key], name);
  }
  t.same(live.spec.containers, containers, 'what was patched is not changed');
  const finalizers = { metadata: { finalizers: ['a/b', 'c/d'] } };
  const deletes = { metadata: { '$deleteFromPrimitiveList/finalizers': ['a/b'] } };
  t.same(applyStrategicPatch(finalizers, deletes, pod), { metadata: { finalizers: ['c/d'] } });
  t.end();
});

void t.test('merge patches follow RFC 7386', (t) => {
  // the RFC's appendix A
  const cases: [target: unknown, patch: unknown, result: unknown][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [target, patch, result] of cases) t.same(applyMergePatch(target, patch), result, JSON.stringify(patch));
  const hostile = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"x":1}}') as unknown;
  const merged = applyMergePatch({}, hostile) as object;
  t.same(Object.keys(merged), ['__proto__', 'constructor']);
  t.equal(({} as { polluted?: unknown }).polluted, undefined);
  t.end();
});

void t.test('JSON patches', (t) => {
  const document = { a: [1, 2], b: { c: 'd' } };
  t.same(
    applyJsonPatch(document, [
      { op: 'add', path: '/a/-', value: 3 },
      { op: 'remove', path: '/b/c' },
    ]),
    { a: [1, 2, 3], b: {} },
  );
  const codeOf = (patch: unknown): number | undefined => {
    try {
      applyJsonPatch(document, patch);
    } catch (error) {
      if (error instanceof StatusError) return error.code;
      throw error;
    }
    return undefined;
  };
  const cases: [name: string, patch: unknown, code: number][] = [
    ['no list', {}, 400],
    ['failed test', [{ op: 'test', path: '/b/c', value: 'x' }], 422],
    ['remove of what is not there', [{ op: 'remove', path: '/x' }], 422],
    ['add below what is not there', [{ op: 'add', path: '/x/y', value: 1 }], 422],
    ['unknown operation', [{ op: 'bogus', path: '/a' }], 422],
    ['no operation', [null], 422],
    ['prototype', [{ op: 'add', path: '/__proto__/x', value: 1 }], 422],
    ['too many', Array.from({ length: operationsMax + 1 }, () => ({ op: 'test', path: '/b/c', value: 'd' })), 413],
    ['copies that grow', Array.from({ length: 60 }, () => ({ op: 'copy', from: '/a', path: '/a/-' })), 422],
  ];
  for (const [name, patch, code] of cases) t.equal(codeOf(patch), code, name);
  t.same(document, { a: [1, 2], b: { c: 'd' } }, 'what was patched is not changed');
  t.end();
});

void t.test('a patch body is read and its result decoded', (t) => {
  const gvk = { group: '', version: 'v1', kind: 'ConfigMap' };
  const current = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { a: 'b' } };
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const { object, warnings } = applyPatch(
    'merge',
    current,
    parsePatch(bytes('{"data":{"c":"d"},"foo":1}'), 'merge'),
    gvk,
  );
  t.same(object['data'], { a: 'b', c: 'd' });
  t.same(warnings, ['unknown field "foo"']);
  t.throws(() => parsePatch(bytes('{'), 'merge'), { message: 'error decoding patch: unexpected end of JSON input' });
  t.throws(() => applyPatch('merge', current, { data: { c: 1 } }, gvk), {
    message: /cannot unmarshal number into Go struct field ConfigMap.data of type string/,
  });
  t.end();
});
