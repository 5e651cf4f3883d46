import t from 'tap';
import { compile, evaluate, type Program } from './cel.ts';
import { escapeProperty } from './escaping.ts';
import { CostExceeded } from './errors.ts';
import { fromJson, toJson } from './json-values.ts';
import { kubernetesEnvironment } from './kubernetes-environment.ts';
import { shapeOf, structsOf, type SchemaNode } from './schema-shape.ts';
import { valueOf } from './schema-values.ts';
import { dynType } from './types.ts';

const environment = kubernetesEnvironment.withVariables({ object: dynType });
const object = {
  spec: { replicas: 3, ratio: 0.5, name: 'web', list: [1, 2, 3], labels: { a: 'b' }, nothing: null },
};

const compiled = (expression: string, env = environment): Program => {
  const program = compile(expression, env);
  if ('error' in program) throw new Error(program.error);
  return program;
};

const run = (expression: string): unknown => {
  const outcome = evaluate(compiled(expression), { object: fromJson(object) });
  if ('error' in outcome) return `error: ${outcome.error.message}`;
  return toJson(outcome.value);
};

void t.test('evaluate answers as cel-go does', async (t) => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['object.spec.replicas > 2 && object.spec.name.startsWith("w")', true],
    ['object.spec.missing', 'error: no such key: missing'],
    ['object.spec.missing == 1 || true', true],
    ['false && object.spec.missing == 1', false],
    ['has(object.spec.missing)', false],
    ['has(object.spec.nothing)', true],
    ['object.spec.nothing == null', true],
    ['object.?spec.?missing.orValue(5)', 5],
    ['object.?spec.?name.hasValue()', true],
    ['object.spec.list[?7].orValue(0)', 0],
    ['object.spec.list[7]', 'error: index out of bounds: 7'],
    ['[1, ?object.?missing, 2].size()', 2],
    ['{?"a": object.?missing, "b": 1}.size()', 1],
    ['object.spec.list.all(x, x > 0)', true],
    ['object.spec.list.exists(x, x / 0 == 1)', 'error: division by zero'],
    ['[0, 1].exists(x, 1 / x == 1)', true],
    ['object.spec.list.exists_one(x, x > 2)', true],
    ['object.spec.list.map(x, x > 1, x * 2)', [4, 6]],
    ['object.spec.labels.exists(key, key == "a")', true],
    ['object.spec.list.all(index, x, x == index + 1)', true],
    ['{"a": 1}.transformMap(k, v, k + string(v))', { a: 'a1' }],
    ['["a", "b"].transformMapEntry(i, v, {v: i})', { a: 0, b: 1 }],
    ['object.spec.list.transformList(i, v, v > 1, i)', [1, 2]],
    ['dyn(1) == 1.0 && dyn(1u) == 1 && 2 > 1.5 && 1u < 2', true],
    ['9223372036854775807 + 1', 'error: integer overflow'],
    ['1 / 0', 'error: division by zero'],
    ['type(object.spec.ratio) == double && type(object.spec.replicas) == int', true],
    ['int(object.spec.ratio + 1.6)', 2],
    ['string(timestamp("2020-01-01T00:00:00Z") + duration("1h30m"))', '2020-01-01T01:30:00Z'],
    ['timestamp("2020-02-29T23:30:00Z").getHours("+02:00")', 1],
    ['timestamp("2020-07-01T12:00:00Z").getHours("America/New_York")', 8],
    ['"%s has %d of %.1f".format([dyn("x"), dyn(3), dyn(0.25)])', 'x has 3 of 0.3'],
    ['"tacocat".charAt(3) + "a,b".split(",")[1] + "Ab".lowerAscii()', 'obab'],
    ['"hello".replace("l", "L", 1).substring(1, 4)', 'eLl'],
    ['"abc 123 def".findAll("[a-z]+")', ['abc', 'def']],
    ['[3, 1, 2].isSorted() || [3, 1, 2].sum() != 6 || [3, 1, 2].max() != 3', false],
    ['sets.contains([1, 2], [1])', true],
    ['quantity("1Gi").isGreaterThan(quantity("1G")) && isQuantity("1.5m")', true],
    ['quantity("50k").add(20).compareTo(quantity("50020"))', 0],
    ['url("https://user@[::1]:80/a%20b?c=d").getHostname()', '::1'],
    ['optional.of(2).optMap(x, x + 1).value()', 3],
    ['{"a-b": 1}.`a-b`', 1],
    ['cidr("10.0.0.0/8").containsIP("10.1.2.3") && !cidr("10.0.0.0/8").containsCIDR("10.0.0.0/7")', true],
    ['string(cidr("fd00::1/64").masked()) + string(ip("::1").isLoopback())', 'fd00::/64true'],
    [
      'ip("10.0.0.01")',
      'error: IP Address "10.0.0.01" parse error during conversion from string: ParseAddr("10.0.0.01"): unable to parse IP',
    ],
    ['semver("1.2.3-rc.1").isLessThan(semver("1.2.3")) && semver("v01.2", true).minor() == 2', true],
    ['isSemver("1.02.3") || isSemver("v1") || !isSemver("v1", true)', false],
    ['format.dns1123Label().validate("A").value().size() > 0 && !format.named("none").hasValue()', true],
    ['format.uuid().validate("01234567-89ab-cdef-0123-456789abcdef").hasValue()', false],
  ];
  for (const [expression, expected] of cases) t.strictSame(run(expression), expected, expression);
});

void t.test('compile says what is wrong, and where, as cel-go does', async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['object.x && foo', "1:13: undeclared reference to 'foo' (in container '')\n | object.x && foo\n | ............^"],
    ['1 + "a"', "1:3: found no matching overload for '_+_' applied to '(int, string)'\n | 1 + \"a\"\n | ..^"],
    ['"a".size(1)', "1:9: found no matching overload for 'size' applied to 'string.(int)'"],
    ['object.spec == 1 && 2', "1:21: expected type 'bool' but found 'int'"],
    ['[1, "a"]', "1:5: expected type 'int' but found 'string'"],
    ['has(object)', '1:5: invalid argument to has() macro'],
    ['object.all(1, true)', '1:12: argument must be a simple name'],
    [
      '1.all(x, true)',
      "1:1: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)",
    ],
    ['duration("1x")', '1:10: invalid duration argument'],
    ['"a".matches("(")', '1:13: invalid matches argument'],
    [
      'object.spec.\n  namespace(',
      "2:13: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', ')', '.', '-',",
    ],
    ['1 +', "1:4: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-',"],
    ['a | b', "1:3: Syntax error: token recognition error at: '| '"],
    ['for', '1:1: reserved identifier: for'],
    ['9223372036854775808', '1:1: invalid int literal'],
    ['"é" + 1', "1:5: found no matching overload for '_+_' applied to '(string, int)'\n | \"é\" + 1\n | .．..^"],
  ];
  for (const [expression, expected] of cases) {
    const result = compile(expression, environment);
    t.ok('error' in result && result.error.startsWith(`ERROR: <input>:${expected}`), expression);
  }
});

void t.test('evaluate ends expressions that run away', async (t) => {
  const list = Array.from({ length: 1000 }, (_, index) => index);
  const program = compiled('object.all(a, object.all(b, object.all(c, a + b + c >= 0)))');
  const outcome = evaluate(program, { object: fromJson(list) });
  t.ok('error' in outcome && outcome.error instanceof CostExceeded);
  t.equal('error' in outcome && outcome.error.message, 'operation cancelled: actual cost limit exceeded');
  const absorbed = evaluate(compiled('object.all(a, a >= 0) || true'), { object: fromJson(list) }, 100);
  t.ok('error' in absorbed, 'true on the other side does not save it');
});

void t.test('compile refuses expressions too long and too deep', async (t) => {
  for (const expression of ['1'.repeat(100_001), `${'('.repeat(1000)}1${')'.repeat(1000)}`]) {
    t.ok('error' in compile(expression, environment));
  }
  t.notOk('error' in compile(Array.from({ length: 2000 }, () => 'true').join(' && '), environment), 'long is not deep');
});

void t.test('no name reaches a prototype', async (t) => {
  for (const name of ['__proto__', 'constructor', 'toString']) {
    t.equal(run(`has(object.${name})`), false);
    t.equal(run(`object.spec.${name}`), `error: no such key: ${name}`);
  }
});

const schema: SchemaNode = {
  type: 'object',
  properties: {
    count: { type: 'integer' },
    ratio: { type: 'number' },
    when: { type: 'string', format: 'date-time' },
    span: { type: 'string', format: 'duration' },
    data: { type: 'string', format: 'byte' },
    port: { 'x-kubernetes-int-or-string': true },
    namespace: { type: 'string' },
    'dash-ed': { type: 'boolean' },
    maybe: { type: 'string', nullable: true },
    tags: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    items: {
      type: 'array',
      items: { type: 'object', properties: { name: { type: 'string' }, value: { type: 'integer' } } },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    },
  },
};

void t.test('a schema gives values their types', async (t) => {
  const shape = shapeOf(schema, 'self')!;
  const env = kubernetesEnvironment.withStructs(structsOf(shape)).withVariables({ self: shape.type });
  const self = {
    count: 2,
    ratio: 2,
    when: '2024-01-01T00:00:00Z',
    span: '90s',
    data: 'aGk=',
    port: '80%',
    namespace: 'x',
    'dash-ed': true,
    maybe: null,
    tags: ['a', 'b'],
    labels: { k: 'v' },
    items: [
      { name: 'a', value: 1 },
      { name: 'b', value: 2 },
    ],
  };
  const holds = [
    'self.count + 1 == 3',
    'self.ratio / 4.0 == 0.5',
    'self.when.getFullYear() == 2024',
    'self.span == duration("1m30s")',
    'self.data == b"hi"',
    'type(self.port) == string && self.port == "80%"',
    'self.__namespace__ == "x" && self.dash__dash__ed',
    'has(self.maybe) && dyn(self.maybe) == null',
    'self.tags == ["b", "a"] && (self.tags + ["a", "c"]).size() == 3',
    'self.labels["k"] == "v" && self.labels.k == "v"',
    'self.items.exists(item, item.name == "b" && item.value == 2)',
  ];
  for (const expression of holds) {
    const outcome = evaluate(compiled(expression, env), { self: valueOf(shape, self) });
    t.same('error' in outcome ? outcome.error.message : outcome.value, true, expression);
  }
  const unknown = compile('self.items[0].other == 1', env);
  t.match('error' in unknown && unknown.error, /^ERROR: <input>:1:14: undefined field 'other'/);
  const mistyped = compile('self.count == "a"', env);
  t.match('error' in mistyped && mistyped.error, "found no matching overload for '_==_' applied to '(int, string)'");
});

void t.test('escapeProperty names what an expression may name', async (t) => {
  t.equal(escapeProperty('namespace'), '__namespace__');
  t.equal(escapeProperty('a-b.c/d__e'), 'a__dash__b__dot__c__slash__d__underscores__e');
  t.equal(escapeProperty('1a'), undefined);
  t.equal(escapeProperty('ä'), undefined);
});
