import t from 'tap';
import { findByJsonPath, parseJsonPath } from './json-path.ts';
import { compareVersions } from './version-order.ts';

const object = {
  metadata: { labels: { 'a.b/c': 'x' } },
  items: [{ n: 1 }, { n: 2 }, { n: 3 }],
  conditions: [
    { type: 'Ready', status: 'False' },
    { type: 'Done', status: 'True', count: 3 },
  ],
};

const rows: [string, unknown[]][] = [
  ['.items[0].n', [1]],
  ['.items[-1].n', [3]],
  ['.items[*].n', [1, 2, 3]],
  ['.items[1:].n', [2, 3]],
  ['.metadata.labels.a\\.b/c', ['x']],
  [".metadata.labels['a.b/c']", ['x']],
  ['.conditions[?(@.type=="Done")].status', ['True']],
  [".conditions[?(@.type=='Ready')].status", ['False']],
  ['.conditions[?(@.count>2)].type', ['Done']],
  ['.conditions[?(@.count)].type', ['Done']],
  ['..count', [3]],
  ['.no.such', []],
  ['.items.n', []],
  ['.constructor', []],
];

void t.test('JSON paths of printer columns', (t) => {
  for (const [path, expected] of rows) {
    const parsed = parseJsonPath(path);
    t.same(parsed && findByJsonPath(object, parsed), expected, path);
  }
  for (const bad of ['items', '.a[', '.a[b]', '.a[?(b)]']) t.equal(parseJsonPath(bad), undefined, bad);
  t.end();
});

void t.test('compareVersions puts GA before beta before alpha, the newer first', (t) => {
  const order = ['v10', 'v2', 'v1', 'v11beta2', 'v10beta3', 'v3beta1', 'v12alpha1', 'v11alpha2', 'foo1', 'foo10'];
  t.same([...order].reverse().sort(compareVersions), order);
  t.end();
});
