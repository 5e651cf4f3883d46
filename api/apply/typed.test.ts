import t from 'tap';
import { checkObject } from './check-object.ts';
import { compareObjects } from './compare.ts';
import { setOf } from './field-set.ts';
import { mergeObjects } from './merge.ts';
import { fieldsOfObject } from './object-fields.ts';
import { removeFields } from './remove-fields.ts';
import { reconciled } from './schema-sets.ts';
import { tableSchema } from './table-schema.ts';
import { deducedSchema } from './typed-schema.ts';

const pod = tableSchema('io.k8s.api.core.v1.Pod');
const withContainers = (...names: string[]): object => ({ spec: { containers: names.map((name) => ({ name })) } });
const namesOf = (object: object): string[] =>
  (object as { spec: { containers: { name: string }[] } }).spec.containers.map(({ name }) => name);

void t.test('mergeObjects keeps the order of the right side where both have an item', (t) => {
  const cases: [title: string, left: string[], right: string[], merged: string[]][] = [
    ['items of the left stay near', ['a', 'b', 'c', 'd'], ['d', 'b', 'x'], ['a', 'c', 'd', 'b', 'x']],
    ['nothing shared', ['a', 'b'], ['x', 'y'], ['a', 'b', 'x', 'y']],
    ['one more in front', ['b'], ['a', 'b'], ['a', 'b']],
    ['the same', ['a', 'b'], ['a', 'b'], ['a', 'b']],
    ['turned around', ['a', 'b', 'c'], ['c', 'b', 'a'], ['c', 'b', 'a']],
  ];
  for (const [title, left, right, merged] of cases) {
    t.same(namesOf(mergeObjects(withContainers(...left), withContainers(...right), pod)), merged, title);
  }
  t.end();
});

void t.test('mergeObjects replaces what is atomic and merges what is not', (t) => {
  const live = { spec: { nodeSelector: { a: '1', b: '2' } }, metadata: { labels: { a: '1', b: '2' } } };
  const config = { spec: { nodeSelector: { c: '3' } }, metadata: { labels: { b: '3' } } };
  t.same(mergeObjects(live, config, pod), {
    spec: { nodeSelector: { c: '3' } },
    metadata: { labels: { a: '1', b: '3' } },
  });
  t.same(mergeObjects({ a: { b: 1 }, l: [1] }, { a: { c: 2 }, l: [2] }, deducedSchema), { a: { b: 1, c: 2 }, l: [2] });
  t.end();
});

void t.test('compareObjects tells what was removed and what changed', (t) => {
  const port = (containerPort: number, protocol?: string): object => ({ containerPort, ...(protocol && { protocol }) });
  const left = { spec: { containers: [{ name: 'c', image: 'a', ports: [port(80)] }], nodeSelector: { a: '1' } } };
  const right = { spec: { containers: [{ name: 'c', image: 'b', ports: [port(80, 'UDP')] }], nodeSelector: {} } };
  const container = ['f:spec', 'f:containers', 'k:{"name":"c"}'];
  const tcp = [...container, 'f:ports', 'k:{"containerPort":80,"protocol":"TCP"}'];
  const udp = [...container, 'f:ports', 'k:{"containerPort":80,"protocol":"UDP"}'];
  const { removed, changed } = compareObjects(left, right, pod);
  t.same(removed, setOf(tcp, [...tcp, 'f:containerPort']), 'a key left out has its default');
  const added = [udp, [...udp, 'f:containerPort'], [...udp, 'f:protocol']];
  t.same(changed, setOf([...container, 'f:image'], ['f:spec', 'f:nodeSelector'], ...added));
  t.end();
});

void t.test('items that occur twice are compared as one thing', (t) => {
  const twice = { metadata: { finalizers: ['x', 'x'] } };
  const once = { metadata: { finalizers: ['x'] } };
  const path = setOf(['f:metadata', 'f:finalizers', 'v:"x"']);
  t.same(compareObjects(twice, twice, pod), { removed: {}, changed: {} });
  t.same(compareObjects(once, twice, pod).changed, path);
  t.same(compareObjects(twice, once, pod).removed, path);
  t.same(fieldsOfObject(twice, pod), path);
  t.end();
});

void t.test('removeFields takes fields and items, and nothing out of what is atomic', (t) => {
  const object = { spec: { containers: [{ name: 'a', image: 'i' }, { name: 'b' }], hostname: 'h' } };
  const gone = setOf(
    ['f:spec', 'f:hostname'],
    ['f:spec', 'f:containers', 'k:{"name":"b"}'],
    ['f:spec', 'f:containers', 'k:{"name":"a"}', 'f:image'],
  );
  t.same(removeFields(object, gone, pod), { spec: { containers: [{ name: 'a' }] } });
  t.end();
});

void t.test('reconciled: what has become atomic is owned as a whole', (t) => {
  const set = setOf(['f:spec', 'f:nodeSelector', 'f:a'], ['f:metadata', 'f:labels', 'f:a']);
  t.same(reconciled(set, pod), setOf(['f:spec', 'f:nodeSelector'], ['f:metadata', 'f:labels', 'f:a']));
  const fine = setOf(['f:spec', 'f:nodeSelector'], ['f:unknown', 'f:x']);
  t.equal(reconciled(fine, pod), fine);
  t.equal(reconciled(set, deducedSchema), set);
  t.end();
});

void t.test('checkObject lists all that does not fit', (t) => {
  const bad = {
    spec: { containers: [{ name: 1 }], hostname: { a: 1 }, nodeSelector: ['x'], terminationGracePeriodSeconds: 'x' },
  };
  t.throws(() => checkObject(bad, pod), {
    message: [
      'errors:',
      '  .spec.containers[name=1].name: expected string, got &value.valueUnstructured{Value:1}',
      '  .spec.hostname: expected string, got &value.valueUnstructured{Value:map[string]interface {}{"a":1}}',
      '  .spec.nodeSelector: expected map, got &{[x]}',
      '  .spec.terminationGracePeriodSeconds: expected numeric (int or float), got string',
    ].join('\n'),
  });
  t.end();
});
