/** The CEL rules of a schema, run on objects: `x-kubernetes-validations`. */
import { evaluate, perCallCostMax } from '../cel/cel.ts';
import { CostExceeded } from '../cel/errors.ts';
import { shapeOf, type Shape } from '../cel/schema-shape.ts';
import { valueOf } from '../cel/schema-values.ts';
import { CelOptional, type CelValue } from '../cel/values.ts';
import { isObject } from '../meta/clone.ts';
import { duplicate, forbidden, invalid, required, type FieldError } from '../meta/field-error.ts';
import { compileRules, selfTypeName, type CompiledRule } from './compiled-rule.ts';
import { isUnchanged, oldItem, type Old } from './correlation.ts';
import { additionalOf, embedded, itemsOf, mapType, type SchemaProps } from './schema-props.ts';

/** of all rules on one object together; about a second */
export const objectCostMax = 10_000_000;
const messageBytesMax = 5 * 1024;

interface Node {
  readonly schema: SchemaProps;
  readonly shape: Shape;
  readonly rules: readonly CompiledRule[];
  readonly items?: Node;
  readonly additional?: Node;
  readonly properties: ReadonlyMap<string, Node>;
}

/** Undefined: neither it nor anything below it has rules. */
function nodeOf(schema: SchemaProps, isResource: boolean): Node | undefined {
  const shape = shapeOf(schema as never, selfTypeName, isResource);
  if (shape === undefined) return undefined;
  const child = (of: SchemaProps | undefined): Node | undefined => of && nodeOf(of, of[embedded] ?? false);
  const properties = new Map<string, Node>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const node = child(property);
    if (node !== undefined) properties.set(name, node);
  }
  const items = child(itemsOf(schema));
  const additional = child(additionalOf(schema));
  const rules = compileRules(schema, shape);
  if (rules.length === 0 && properties.size === 0 && items === undefined && additional === undefined) return undefined;
  return { schema, shape, rules, properties, ...(items && { items }), ...(additional && { additional }) };
}

/** `old` undefined: a new object. */
export type RuleRunner = (object: unknown, old: unknown) => FieldError[];

/** Compiles the rules once; undefined: there are none. */
export function ruleRunnerOf(schema: SchemaProps | undefined): RuleRunner | undefined {
  const root = schema === undefined ? undefined : nodeOf(schema, true);
  if (root === undefined) return undefined;
  return (object, old) => {
    const run = new RuleRun();
    const before: Old | undefined = old === undefined ? undefined : { value: old };
    run.visit(root, object, { path: '', old: before, isUnchanged: () => isUnchanged(object, before) });
    return run.errors;
  };
}

interface Place {
  readonly path: string;
  readonly old: Old | undefined;
  /** the nearest value above, or this one, that can be told to be the same is the same */
  isUnchanged(): boolean;
}

const nowhere = '<nil>';

class RuleRun {
  readonly errors: FieldError[] = [];
  #left = objectCostMax;

  visit(node: Node, value: unknown, place: Place): void {
    if (value === null || value === undefined || this.#left < 0) return;
    for (const rule of node.rules) {
      if (this.#left < 0) return;
      this.#apply(rule, node, value, place);
    }
    if (Array.isArray(value)) this.#visitItems(node, value, place);
    else if (isObject(value)) this.#visitFields(node, value, place);
  }

  #visitItems(node: Node, list: readonly unknown[], place: Place): void {
    if (node.items === undefined) return;
    for (const [i, item] of list.entries()) {
      const old = oldItem(place.old, node.schema, item);
      this.visit(node.items, item, below(place, `${place.path}[${i}]`, item, old));
    }
  }

  #visitFields(node: Node, object: Record<string, unknown>, place: Place): void {
    const isCorrelatable = node.schema[mapType] !== 'atomic';
    const before = isCorrelatable && isObject(place.old?.value) ? place.old.value : undefined;
    for (const key of Object.keys(object)) {
      const property = node.properties.get(key);
      const isNamed = node.schema.properties !== undefined && Object.hasOwn(node.schema.properties, key);
      const child = property ?? (isNamed ? undefined : node.additional);
      if (child === undefined) continue;
      const named = place.path === '' ? key : `${place.path}.${key}`;
      const path = property === undefined ? `${place.path}[${key}]` : named;
      const old = before !== undefined && Object.hasOwn(before, key) ? { value: before[key] } : undefined;
      this.visit(child, object[key], below(place, path, object[key], old));
    }
  }

  #apply(compiled: CompiledRule, node: Node, value: unknown, place: Place): void {
    const { rule, program, error, usesOldSelf } = compiled;
    const own = place.path === '' ? nowhere : place.path;
    const type = node.schema.type ?? '';
    if (program === undefined) {
      this.errors.push(invalid(own, type, `rule compile error: ${error ?? ''}`));
      return;
    }
    const before = place.old?.value ?? undefined;
    if (usesOldSelf && before === undefined && !rule.optionalOldSelf) return;
    const variables = variablesOf(node.shape, value, before, rule.optionalOldSelf ?? false);
    const outcome = evaluate(program, variables, perCallCostMax);
    this.#left -= outcome.cost;
    if (this.#left < 0) {
      const why = 'validation failed due to running out of cost budget, no further validation rules will be run';
      this.errors.push(invalid(own, type, why));
      return;
    }
    if ('error' in outcome) {
      this.#failed(outcome.error, compiled, own, type);
      return;
    }
    if (outcome.value === true || (!usesOldSelf && place.isUnchanged())) return;
    const text = this.#messageOf(compiled, variables) ?? defaultMessage(compiled);
    const at = compiled.fieldPath === '' ? own : joined(place.path, compiled.fieldPath);
    this.errors.push(errorFor(rule.reason, at, type === 'object' || type === 'array' ? undefined : value, text));
  }

  #failed(error: Error, { rule }: CompiledRule, path: string, type: string): void {
    const text = rule.message?.trim() || rule.rule.trim();
    let why = `${error.message} evaluating rule: ${text}`;
    if (error.message.startsWith('no such overload')) {
      why = `'${error.message}': call arguments did not match a supported operator, function or macro signature for rule: ${text}`;
    } else if (error instanceof CostExceeded) {
      why = `'${error.message}': no further validation rules will be run due to call cost exceeds limit for rule: ${text}`;
      this.#left = -1;
    }
    this.errors.push(invalid(path, type, why));
  }

  /** Undefined: it gave no usable text. */
  #messageOf({ message }: CompiledRule, variables: Variables): string | undefined {
    if (message === undefined) return undefined;
    const outcome = evaluate(message, variables, perCallCostMax);
    this.#left -= outcome.cost;
    if ('error' in outcome || typeof outcome.value !== 'string') return undefined;
    const text = outcome.value.trim();
    return text === '' || text.length > messageBytesMax || /[\n\r]/.test(text) ? undefined : text;
  }
}

const joined = (path: string, fieldPath: string): string => (path === '' ? fieldPath : `${path}.${fieldPath}`);

const below = (parent: Place, path: string, value: unknown, old: Old | undefined): Place => ({
  path,
  old,
  isUnchanged: old === undefined ? () => parent.isUnchanged() : () => isUnchanged(value, old),
});

type Variables = (name: string) => CelValue | undefined;

function variablesOf(shape: Shape, value: unknown, old: unknown, isOptional: boolean): Variables {
  return (name) => {
    if (name === 'self') return valueOf(shape, value);
    if (name !== 'oldSelf') return undefined;
    if (!isOptional) return valueOf(shape, old);
    return old === undefined || old === null ? CelOptional.none : CelOptional.of(valueOf(shape, old));
  };
}

const defaultMessage = ({ rule }: CompiledRule): string => rule.message?.trim() || `failed rule: ${rule.rule.trim()}`;

function errorFor(reason: string | undefined, path: string, value: unknown, detail: string): FieldError {
  switch (reason) {
    case 'FieldValueForbidden':
      return forbidden(path, detail);
    case 'FieldValueRequired':
      return required(path, detail);
    case 'FieldValueDuplicate':
      return duplicate(path, value);
    default:
      return invalid(path, value, detail);
  }
}
