import t from 'tap';
import {
  difference,
  hasPath,
  intersection,
  pathsOf,
  readFieldSet,
  recursiveDifference,
  setOf,
  sortedSet,
  union,
} from './field-set.ts';
import { canonicalElement, compareElements, elementText, keyElement, pathText, valueElement } from './path-element.ts';

const spec = 'f:spec';
const texts = (set: object): string[] => [...pathsOf(set as never)].map(pathText);

void t.test('path elements', (t) => {
  t.equal(keyElement([['name', 'a<b']]), 'k:{"name":"a\\u003cb"}', 'HTML is escaped as Go escapes it');
  t.equal(valueElement('\b'), 'v:"\\u0008"');
  t.equal(canonicalElement('k:{ "b": 1, "a": "x" }'), 'k:{"a":"x","b":1}', 'keys are sorted, spaces dropped');
  t.equal(canonicalElement('x:whatever'), undefined, 'unknown kinds are passed over');
  t.throws(() => canonicalElement('f'), { message: 'key must be 2 characters long:' });
  t.throws(() => canonicalElement('nocolon'), { message: 'missing colon: nocolon' });
  t.throws(() => canonicalElement('i:x'), { message: 'strconv.Atoi: parsing "x": invalid syntax' });
  t.throws(() => canonicalElement('k:{'));
  t.equal(elementText('k:{"containerPort":80,"protocol":"TCP"}'), '[containerPort=80,protocol="TCP"]');
  t.equal(elementText('v:"x"'), '[="x"]');
  t.equal(elementText('i:3'), '[3]');
  const sorted = [
    'i:10',
    'i:9',
    'v:true',
    'v:"a"',
    'v:2',
    'k:{"a":"y"}',
    'k:{"a":"x","b":1}',
    'k:{"a":"x"}',
    'f:b',
    'f:a',
  ];
  t.same(sorted.sort(compareElements), [
    'f:a',
    'f:b',
    'k:{"a":"x"}',
    'k:{"a":"x","b":1}',
    'k:{"a":"y"}',
    'v:2',
    'v:"a"',
    'v:true',
    'i:9',
    'i:10',
  ]);
  t.ok(compareElements('f:\u{1f600}', 'f:\uffee') > 0, 'by code points, not by units of UTF-16');
  t.end();
});

void t.test('sets of fields', (t) => {
  const a = setOf([spec], [spec, 'f:replicas'], [spec, 'f:template', 'f:metadata']);
  t.same(a, { 'f:spec': { '.': {}, 'f:replicas': {}, 'f:template': { 'f:metadata': {} } } });
  t.same(texts(a), ['.spec', '.spec.replicas', '.spec.template.metadata']);
  t.ok(hasPath(a, [spec]));
  t.notOk(hasPath(a, [spec, 'f:template']), 'a node with members below it is none itself');
  t.notOk(hasPath(a, []), 'nobody owns the whole object');

  t.same(difference(a, setOf([spec])), { 'f:spec': { 'f:replicas': {}, 'f:template': { 'f:metadata': {} } } });
  t.same(recursiveDifference(a, setOf([spec])), {}, 'all below goes too');
  t.same(recursiveDifference(a, setOf([spec, 'f:template'])), { 'f:spec': { '.': {}, 'f:replicas': {} } });
  t.same(intersection(a, setOf([spec, 'f:replicas'])), { 'f:spec': { 'f:replicas': {} } });
  t.same(intersection(a, setOf([spec, 'f:template'])), {});
  t.same(union(setOf([spec, 'f:x']), setOf([spec])), { 'f:spec': { '.': {}, 'f:x': {} } });
  t.same(union(setOf([spec]), setOf([spec, 'f:x'])), { 'f:spec': { '.': {}, 'f:x': {} } });
  t.same(difference(setOf([spec, 'f:x']), setOf([spec, 'f:x'])), {}, 'no node is left empty');
  t.equal(difference(a, setOf(['f:status'])), a, 'what does not change is shared');
  t.end();
});

void t.test('FieldsV1 of others', (t) => {
  const read = readFieldSet({
    'f:b': {},
    'x:unknown': 1,
    'f:a': { '.': {} },
    'k:{ "name":"x" }': { 'f:y': {}, '.': {} },
  });
  t.same(sortedSet(read), { 'f:a': {}, 'f:b': {}, 'k:{"name":"x"}': { '.': {}, 'f:y': {} } });
  t.equal(
    JSON.stringify(sortedSet(read)),
    '{"f:a":{},"f:b":{},"k:{\\"name\\":\\"x\\"}":{".":{},"f:y":{}}}',
    'in the order in which Kubernetes writes it',
  );
  t.throws(() => readFieldSet({ 'f:a': 1 }));
  t.throws(() => readFieldSet({ bad: {} }));
  t.end();
});
