import type { CallNode, Expr } from './ast.ts';

type Expansion = { readonly expr: Expr } | { readonly offset: number; readonly error: string };

/** The variable that a loop gathers its result in; no expression can name it. */
const accumulator = '@result';

/** Makes nodes that stand where the macro stands. */
const maker = (offset: number) => {
  const literal = (value: boolean | bigint): Expr => ({ kind: 'literal', offset, value });
  const accu: Expr = { kind: 'ident', offset, name: accumulator };
  const call = (name: string, ...args: Expr[]): Expr => ({ kind: 'call', offset, name, target: undefined, args });
  const method = (target: Expr, name: string, ...args: Expr[]): Expr => ({ kind: 'call', offset, name, target, args });
  const list = (...values: Expr[]): Expr => ({
    kind: 'list',
    offset,
    elements: values.map((value) => ({ value, optional: false })),
  });
  const emptyMap: Expr = { kind: 'map', offset, entries: [] };
  return { literal, accu, call, method, list, emptyMap };
};

interface Loop {
  readonly init: Expr;
  readonly condition?: Expr;
  readonly step: Expr;
  readonly result?: Expr;
}

const comprehension = (macro: CallNode, variables: readonly string[], loop: Loop): Expansion => {
  const { literal, accu } = maker(macro.offset);
  const expr: Expr = {
    kind: 'comprehension',
    offset: macro.offset,
    range: macro.target!,
    iterVar: variables[0]!,
    iterVar2: variables[1],
    accuVar: accumulator,
    accuInit: loop.init,
    condition: loop.condition ?? literal(true),
    step: loop.step,
    result: loop.result ?? accu,
  };
  return { expr };
};

type Variables = { readonly names: readonly string[] } | { readonly offset: number; readonly error: string };

/** The names of loop variables; `complaint` is what CEL says where there is none. */
const variablesOf = (args: readonly Expr[], complaint: string): Variables => {
  const names: string[] = [];
  for (const arg of args) {
    if (arg.kind !== 'ident') return { offset: arg.offset, error: complaint };
    if (arg.name === '__result__')
      return { offset: arg.offset, error: 'iteration variable overwrites accumulator variable' };
    if (names.includes(arg.name)) return { offset: arg.offset, error: `duplicate variable name: ${arg.name}` };
    names.push(arg.name);
  }
  return { names };
};

const simpleName = 'argument must be a simple name';

const quantifier = (macro: CallNode, loopOf: (predicate: Expr) => Loop): Expansion => {
  const variables = variablesOf(macro.args.slice(0, -1), simpleName);
  return 'error' in variables ? variables : comprehension(macro, variables.names, loopOf(macro.args.at(-1)!));
};

const all = (macro: CallNode): Expansion =>
  quantifier(macro, (predicate) => {
    const { literal, call, accu } = maker(macro.offset);
    return {
      init: literal(true),
      condition: call('@not_strictly_false', accu),
      step: call('_&&_', accu, predicate),
    };
  });

const exists = (macro: CallNode): Expansion =>
  quantifier(macro, (predicate) => {
    const { literal, call, accu } = maker(macro.offset);
    return {
      init: literal(false),
      condition: call('@not_strictly_false', call('!_', accu)),
      step: call('_||_', accu, predicate),
    };
  });

const existsOne = (macro: CallNode): Expansion =>
  quantifier(macro, (predicate) => {
    const { literal, call, accu } = maker(macro.offset);
    return {
      init: literal(0n),
      step: call('_?_:_', predicate, call('_+_', accu, literal(1n)), accu),
      result: call('_==_', accu, literal(1n)),
    };
  });

/** A step behind a filter, where there is one. */
const guarded = (macro: CallNode, filter: Expr | undefined, step: Expr): Expr => {
  const { call, accu } = maker(macro.offset);
  return filter === undefined ? step : call('_?_:_', filter, step, accu);
};

const mapMacro = (macro: CallNode): Expansion => {
  const variables = variablesOf(macro.args.slice(0, 1), 'argument is not an identifier');
  if ('error' in variables) return variables;
  const { call, accu, list } = maker(macro.offset);
  const step = call('_+_', accu, list(macro.args.at(-1)!));
  const filter = macro.args.length === 3 ? macro.args[1] : undefined;
  return comprehension(macro, variables.names, { init: list(), step: guarded(macro, filter, step) });
};

const filterMacro = (macro: CallNode): Expansion => {
  const variables = variablesOf(macro.args.slice(0, 1), 'argument is not an identifier');
  if ('error' in variables) return variables;
  const { call, accu, list } = maker(macro.offset);
  const step = call('_+_', accu, list(macro.args[0]!));
  return comprehension(macro, variables.names, { init: list(), step: guarded(macro, macro.args[1], step) });
};

const transform = (macro: CallNode, init: Expr, stepOf: (key: string, value: Expr) => Expr): Expansion => {
  const variables = variablesOf(macro.args.slice(0, 2), simpleName);
  if ('error' in variables) return variables;
  const filter = macro.args.length === 4 ? macro.args[2] : undefined;
  const step = guarded(macro, filter, stepOf(variables.names[0]!, macro.args.at(-1)!));
  return comprehension(macro, variables.names, { init, step });
};

const transformList = (macro: CallNode): Expansion => {
  const { call, accu, list } = maker(macro.offset);
  return transform(macro, list(), (_key, value) => call('_+_', accu, list(value)));
};

const transformMap = (macro: CallNode): Expansion => {
  const { call, accu, emptyMap } = maker(macro.offset);
  const insert = (key: string, value: Expr): Expr =>
    call('cel.@mapInsert', accu, { kind: 'ident', offset: macro.offset, name: key }, value);
  return transform(macro, emptyMap, insert);
};

const transformMapEntry = (macro: CallNode): Expansion => {
  const { call, accu, emptyMap } = maker(macro.offset);
  return transform(macro, emptyMap, (_key, value) => call('cel.@mapInsert', accu, value));
};

const has = ({ args, offset }: CallNode): Expansion => {
  const [arg] = args;
  if (arg?.kind !== 'select' || arg.testOnly) {
    return { offset: arg?.offset ?? offset, error: 'invalid argument to has() macro' };
  }
  return { expr: { ...arg, offset, testOnly: true } };
};

/** `x.optMap(v, f(v))`: f of what x holds, if it holds anything; as a loop over nothing that binds v. */
const optional = (macro: CallNode, wrap: boolean): Expansion => {
  const [variable, body] = macro.args as [Expr, Expr];
  if (variable.kind !== 'ident') {
    return { offset: variable.offset, error: `${macro.name}() variable name must be a simple identifier` };
  }
  const { call, method, list, literal } = maker(macro.offset);
  const target = macro.target!;
  const bound: Expr = {
    kind: 'comprehension',
    offset: macro.offset,
    range: list(),
    iterVar: '#unused',
    iterVar2: undefined,
    accuVar: variable.name,
    accuInit: method(target, 'value'),
    condition: literal(false),
    step: { kind: 'ident', offset: macro.offset, name: variable.name },
    result: body,
  };
  const present = wrap ? call('optional.of', bound) : bound;
  return { expr: call('_?_:_', method(target, 'hasValue'), present, call('optional.none')) };
};

type Macro = (macro: CallNode) => Expansion;

/** By name, receiver style or not, and number of arguments. */
const macros: Readonly<Record<string, Macro>> = {
  'has/1': has,
  '.all/2': all,
  '.all/3': all,
  '.exists/2': exists,
  '.exists/3': exists,
  '.exists_one/2': existsOne,
  '.exists_one/3': existsOne,
  '.existsOne/2': existsOne,
  '.existsOne/3': existsOne,
  '.map/2': mapMacro,
  '.map/3': mapMacro,
  '.filter/2': filterMacro,
  '.transformList/3': transformList,
  '.transformList/4': transformList,
  '.transformMap/3': transformMap,
  '.transformMap/4': transformMap,
  '.transformMapEntry/3': transformMapEntry,
  '.transformMapEntry/4': transformMapEntry,
  '.optMap/2': (macro) => optional(macro, true),
  '.optFlatMap/2': (macro) => optional(macro, false),
};

/** What a call stands for where it is a macro; undefined for other calls. */
export const expandMacro = (call: CallNode): Expansion | undefined => {
  const key = `${call.target === undefined ? '' : '.'}${call.name}/${call.args.length}`;
  return Object.hasOwn(macros, key) ? macros[key]!(call) : undefined;
};
