import t from 'tap';
import type { CustomResourceDefinition } from '../types/apiextensions-v1.ts';
import { withCondition, withEstablished, withNames } from './definition-status.ts';

const now = '2026-01-01T00:00:00Z';
const definition = (plural: string, kind: string, shortNames: string[] = []): CustomResourceDefinition => ({
  metadata: { name: `${plural}.example.com` },
  spec: {
    group: 'example.com',
    scope: 'Cluster',
    names: { plural, kind, singular: kind.toLowerCase(), listKind: `${kind}List`, shortNames },
    versions: [],
  },
});
const accepted = (of: CustomResourceDefinition): CustomResourceDefinition => {
  const status = withNames(of, [], now);
  return { ...of, ...(status && { status }) };
};

void t.test('withNames gives a definition the names that nobody else of its group has', (t) => {
  const first = accepted(definition('foos', 'Foo', ['f']));
  t.match(first.status, {
    acceptedNames: { plural: 'foos', kind: 'Foo', shortNames: ['f'] },
    conditions: [
      { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' },
      { type: 'Established', status: 'False', reason: 'Installing' },
    ],
  });
  t.equal(withNames(first, [], now), undefined, 'they are settled once');
  const rows: [CustomResourceDefinition, string, string][] = [
    [definition('bars', 'Bar', ['f']), 'ShortNamesConflict', '"f" is already in use'],
    [definition('bars', 'Foo'), 'ListKindConflict', '"FooList" is already in use'],
    [definition('f', 'Bar'), 'PluralConflict', '"f" is already in use'],
  ];
  for (const [other, reason, message] of rows) {
    const status = withNames(other, [first], now);
    t.match(status?.conditions, [
      { type: 'NamesAccepted', status: 'False', reason, message },
      { type: 'Established', status: 'False', reason: 'NotAccepted' },
    ]);
    t.equal(withEstablished({ ...other, ...(status && { status }) }, now), undefined, 'it is not served');
  }
  const free = withNames(definition('bars', 'Bar', ['f']), [], now);
  t.match(free?.conditions?.[0], { status: 'True' }, 'once the other has gone they are its own');
  t.end();
});

void t.test('withCondition keeps the time while the state stays', (t) => {
  const one = withCondition({}, { type: 'A', status: 'True', reason: 'x' }, now);
  const two = withCondition(one, { type: 'A', status: 'True', reason: 'y' }, '2026-02-02T00:00:00Z');
  t.match(two.conditions, [{ reason: 'y', lastTransitionTime: now }]);
  t.end();
});
