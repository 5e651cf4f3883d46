/** The conformance tests of the CEL specification, but for what Kubernetes leaves out or wants otherwise. */
import type { Type } from '@bufbuild/cel-spec/cel/expr/checked_pb.js';
import type { Value } from '@bufbuild/cel-spec/cel/expr/value_pb.js';
import { getConformanceSuite, type IncrementalTestSuite } from '@bufbuild/cel-spec/testdata/tests.js';
import t from 'tap';
import { compile, evaluate } from './cel.ts';
import { displayValue } from './display.ts';
import { celEqual } from './equality.ts';
import type { Environment } from './environment.ts';
import { kubernetesEnvironment } from './kubernetes-environment.ts';
import {
  boolType,
  bytesType,
  CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  listType,
  mapType,
  nullType,
  stringType,
  timestampType,
  typeType,
  uintType,
} from './types.ts';
import { ArrayList, CelUint, EntryMap, type CelValue } from './values.ts';

type SimpleTest = NonNullable<IncrementalTestSuite['tests'][number]>['original'];

/** Protocol buffers, and extensions that Kubernetes does not have. */
const elsewhere =
  /^(block_ext|dynamic|enums|proto2|proto3|proto2_ext|encoders_ext|wrappers|type_deduction|network_ext|math_ext|bindings_ext|unknowns)\b/;
const messages = /TestAllTypes|google\.protobuf|cel\.bind|math\.|proto\./;

/** Kubernetes wants lists and maps of one type, and answers these otherwise. */
const otherwise: readonly RegExp[] = [
  /string_ext\/value_errors\/(last)?index_?of_out_of_range/i,
  /string_ext\/format\/(.*infinity|NaN|.*halfway|.*support|dyntype)/,
  /optionals\/(map_null_entry_no_such_key|map_present_key_invalid_field|optional_chaining_13)/,
  /comparisons\/.*(lossy_double|big_double)/,
];
const mixedTypes =
  /expected type '.*' but found '|found no matching overload for '@in' applied to '\(string, list\(int\)\)'/;

const valueOf = (value: Value): CelValue | undefined => {
  const { kind } = value;
  switch (kind.case) {
    case 'nullValue':
      return null;
    case 'boolValue':
    case 'int64Value':
    case 'doubleValue':
    case 'stringValue':
    case 'bytesValue':
      return kind.value;
    case 'uint64Value':
      return new CelUint(kind.value);
    case 'typeValue':
      return new CelType('type', kind.value);
    case 'listValue': {
      const values = kind.value.values.map(valueOf);
      return values.includes(undefined) ? undefined : new ArrayList(values as CelValue[]);
    }
    case 'mapValue': {
      let map = new EntryMap(new Map());
      for (const entry of kind.value.entries) {
        const [key, held] = [entry.key && valueOf(entry.key), entry.value && valueOf(entry.value)];
        if (key === undefined || held === undefined) return undefined;
        map = map.with(key, held);
      }
      return map;
    }
    default:
      return undefined;
  }
};

const primitives = [undefined, boolType, intType, uintType, doubleType, stringType, bytesType];

const typeOf = (type: Type | undefined): CelType | undefined => {
  const kind = type?.typeKind;
  switch (kind?.case) {
    case 'dyn':
      return dynType;
    case 'null':
      return nullType;
    case 'type':
      return typeType;
    case 'primitive':
      return primitives[kind.value];
    case 'wellKnown':
      return [undefined, undefined, timestampType, durationType][kind.value];
    case 'listType': {
      const element = typeOf(kind.value.elemType);
      return element && listType(element);
    }
    case 'mapType': {
      const [key, value] = [typeOf(kind.value.keyType), typeOf(kind.value.valueType)];
      return key && value && mapType(key, value);
    }
    default:
      return undefined;
  }
};

interface Setting {
  readonly env: Environment;
  readonly variables: Record<string, CelValue>;
}

/** undefined: it declares what there is not here */
const settingOf = (test: SimpleTest): Setting | undefined => {
  let env = kubernetesEnvironment;
  for (const { name, declKind } of test.typeEnv) {
    const type = declKind.case === 'ident' ? typeOf(declKind.value.type) : undefined;
    if (type === undefined) return undefined;
    env = env.withVariables({ [name]: type });
  }
  const variables: Record<string, CelValue> = {};
  for (const [name, { kind }] of Object.entries(test.bindings)) {
    const value = kind.case === 'value' ? valueOf(kind.value) : undefined;
    if (value === undefined) return undefined;
    variables[name] = value;
  }
  return { env, variables };
};

const same = (got: CelValue, wanted: CelValue): boolean => {
  if (Number.isNaN(wanted)) return Number.isNaN(got);
  if (got instanceof CelType && wanted instanceof CelType) return got.name === wanted.name;
  return celEqual(got, wanted);
};

/** '' where it is as wanted; undefined where it is not for us. */
const judge = (test: SimpleTest): string | undefined => {
  const { resultMatcher: matcher } = test;
  if (test.container !== '' || test.disableCheck || messages.test(test.expr)) return undefined;
  const setting = settingOf(test);
  const wanted = matcher.case === 'value' ? valueOf(matcher.value) : matcher.case === undefined ? true : undefined;
  if (setting === undefined || (wanted === undefined && matcher.case !== 'evalError')) return undefined;
  const compiled = compile(test.expr, setting.env);
  if ('error' in compiled) {
    if (matcher.case === 'evalError') return '';
    return mixedTypes.test(compiled.error) ? undefined : compiled.error;
  }
  const outcome = evaluate(compiled, setting.variables);
  if (matcher.case === 'evalError') return 'error' in outcome ? '' : 'no error';
  if ('error' in outcome) return outcome.error.message;
  return same(outcome.value, wanted as CelValue) ? '' : `got ${displayValue(outcome.value)}`;
};

void t.test('the conformance tests of CEL', (t) => {
  let passed = 0;
  const walk = (suite: IncrementalTestSuite, path: string): void => {
    for (const inner of suite.suites) walk(inner, path === '' ? inner.name : `${path}/${inner.name}`);
    if (elsewhere.test(path)) return;
    for (const { original } of suite.tests) {
      const title = `${path}/${original.name}`;
      if (otherwise.some((pattern) => pattern.test(title))) continue;
      const verdict = judge(original);
      if (verdict === undefined) continue;
      if (verdict === '') passed++;
      else t.fail(`${title}: ${original.expr}: ${verdict}`);
    }
  };
  walk(getConformanceSuite(), '');
  t.ok(passed > 1150, `${passed} of them`);
  t.end();
});
