import type { CelType } from './types.ts';
import { parseType, splitTopLevel, typeOf } from './types.ts';
import type { CelValue } from './values.ts';

/** What a function does. Throws an EvaluationError. */
export type Implementation = (...args: CelValue[]) => CelValue;

/** What a call costs beyond its arguments; 1 where nothing is said. */
export type CallCost = (args: readonly CelValue[], result: CelValue) => number;

export interface Overload {
  /** called as `target.name(…)`; the target is the first argument */
  readonly member: boolean;
  readonly args: readonly CelType[];
  readonly result: CelType;
  readonly run: Implementation;
  readonly cost: CallCost | undefined;
}

export interface FunctionDeclaration {
  readonly name: string;
  readonly overloads: readonly Overload[];
}

/** A type with named fields. */
export interface StructDeclaration {
  readonly type: CelType;
  /** the type of a field; undefined where there is no such field */
  field(name: string): CelType | undefined;
  /** makes a value of it; undefined where expressions may not */
  readonly construct?: (fields: ReadonlyMap<string, CelValue>) => CelValue;
}

/** Finds types by name; some names stand for whole families of types (`Object.spec`). */
export type StructLookup = (name: string) => StructDeclaration | undefined;

/** Functions, types and constants that belong together. */
export interface Library {
  /** by signature: `string.charAt(int): string`, `quantity(string): kubernetes.Quantity` */
  readonly functions: readonly FunctionEntry[];
  /** names of types, as values: `type(x) == kubernetes.URL` */
  readonly types?: readonly CelType[];
}

export type FunctionEntry = readonly [signature: string, run: Implementation, cost?: CallCost];

const signaturePattern = /^(.*?)\(([^()]*)\): (.+)$/;

/** The receiver ends at the last dot; names with dots of their own (`ip.isCanonical`) stand in backquotes. */
const splitName = (head: string): { receiver: string | undefined; name: string } => {
  if (head.startsWith('`')) return { receiver: undefined, name: head.slice(1, -1) };
  const dot = head.lastIndexOf('.');
  return dot < 0 ? { receiver: undefined, name: head } : { receiver: head.slice(0, dot), name: head.slice(dot + 1) };
};

const overloadOf = ([signature, run, cost]: FunctionEntry): { name: string; overload: Overload } => {
  const parts = signaturePattern.exec(signature);
  if (parts === null) throw new Error(`no signature: ${signature}`);
  const { receiver, name } = splitName(parts[1]!);
  const args = splitTopLevel(parts[2]!).map(parseType);
  if (receiver !== undefined) args.unshift(parseType(receiver));
  const result = parseType(parts[3]!);
  return { name, overload: { member: receiver !== undefined, args, result, run, cost } };
};

/** What expressions may name: variables, functions, types. Extended, never changed. */
export class Environment {
  readonly #functions: ReadonlyMap<string, FunctionDeclaration>;
  readonly #variables: ReadonlyMap<string, CelType>;
  readonly #constants: ReadonlyMap<string, CelType>;
  readonly #structs: readonly StructLookup[];

  private constructor(
    functions: ReadonlyMap<string, FunctionDeclaration>,
    variables: ReadonlyMap<string, CelType>,
    constants: ReadonlyMap<string, CelType>,
    structs: readonly StructLookup[],
  ) {
    this.#functions = functions;
    this.#variables = variables;
    this.#constants = constants;
    this.#structs = structs;
  }

  static readonly empty = new Environment(new Map(), new Map(), new Map(), []);

  withLibraries(...libraries: readonly Library[]): Environment {
    const functions = new Map(this.#functions);
    const constants = new Map(this.#constants);
    for (const library of libraries) {
      for (const type of library.types ?? []) constants.set(type.name, type);
      for (const entry of library.functions) {
        const { name, overload } = overloadOf(entry);
        functions.set(name, { name, overloads: [...(functions.get(name)?.overloads ?? []), overload] });
      }
    }
    return new Environment(functions, this.#variables, constants, this.#structs);
  }

  withVariables(variables: Readonly<Record<string, CelType>>): Environment {
    const all = new Map([...this.#variables, ...Object.entries(variables)]);
    return new Environment(this.#functions, all, this.#constants, this.#structs);
  }

  withStructs(lookup: StructLookup): Environment {
    return new Environment(this.#functions, this.#variables, this.#constants, [...this.#structs, lookup]);
  }

  function(name: string): FunctionDeclaration | undefined {
    return this.#functions.get(name.startsWith('.') ? name.slice(1) : name);
  }

  variable(name: string): CelType | undefined {
    return this.#variables.get(name);
  }

  struct(name: string): StructDeclaration | undefined {
    const plain = name.startsWith('.') ? name.slice(1) : name;
    for (const lookup of this.#structs) {
      const found = lookup(plain);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** A type that an expression names; its own type is `type(that)`. */
  typeNamed(name: string): { readonly type: CelType; readonly value: CelType } | undefined {
    const value = this.#constants.get(name) ?? this.struct(name)?.type;
    return value === undefined ? undefined : { type: typeOf(value), value };
  }
}
