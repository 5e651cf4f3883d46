/** Whether an applied configuration fits its type (structured-merge-diff, typed/validate.go). */
import { isObject } from '../meta/clone.ts';
import { itemElement, ListItemError } from './list-items.ts';
import { fieldElement, type PathElement } from './path-element.ts';
import { goDetailed, goPlain, goTypeOf, TypedError, typedProblem, type TypedProblem } from './typed-error.ts';
import {
  kindOfValue,
  valueSchema,
  type ListSchema,
  type MapSchema,
  type ScalarKind,
  type TypedSchema,
} from './typed-schema.ts';

class Walk {
  readonly problems: TypedProblem[] = [];
  readonly #path: PathElement[] = [];
  readonly #allowDuplicates: boolean;

  constructor(allowDuplicates: boolean) {
    this.#allowDuplicates = allowDuplicates;
  }

  visit(value: unknown, schema: TypedSchema): void {
    const kind = kindOfValue(schema, value);
    if (value === null || value === undefined) return;
    if (kind === 'map') this.#map(value, schema.map as MapSchema);
    else if (kind === 'list') this.#list(value, schema.list as ListSchema);
    else this.#scalar(value, schema.scalar ?? 'untyped');
  }

  #problem(message: string): void {
    this.problems.push(typedProblem(this.#path, message));
  }

  #below(element: PathElement, value: unknown, schema: TypedSchema): void {
    this.#path.push(element);
    this.visit(value, schema);
    this.#path.pop();
  }

  #scalar(value: unknown, kind: ScalarKind): void {
    if (kind === 'numeric' && typeof value !== 'number') {
      this.#problem(`expected numeric (int or float), got ${goTypeOf(value)}`);
    } else if (kind === 'string' && typeof value !== 'string') {
      this.#problem(`expected string, got &value.valueUnstructured{Value:${goDetailed(value)}}`);
    } else if (kind === 'boolean' && typeof value !== 'boolean') {
      this.#problem(`expected boolean, got &{${goPlain(value)}}`);
    } else if (kind === 'untyped' && typeof value === 'object') {
      this.#problem(`expected any scalar, got &{${goPlain(value)}}`);
    }
  }

  #map(value: unknown, schema: MapSchema): void {
    if (!isObject(value)) {
      this.#problem(`expected map, got &{${goPlain(value)}}`);
      return;
    }
    for (const key of Object.keys(value)) {
      const own = valueSchema(schema, key);
      if (own === undefined) {
        this.#path.push(fieldElement(key));
        this.#problem('field not declared in schema');
        this.#path.pop();
        return;
      }
      this.#below(fieldElement(key), value[key], own);
    }
  }

  #list(value: unknown, schema: ListSchema): void {
    if (!Array.isArray(value)) {
      this.#problem(`expected list, got &{${goPlain(value)}}`);
      return;
    }
    const seen = new Set<PathElement>();
    for (const [i, item] of value.entries()) {
      let element: PathElement = `i:${i}`;
      if (schema.associative) {
        try {
          element = itemElement(schema, item);
        } catch (error) {
          if (!(error instanceof ListItemError)) throw error;
          this.#problem(`element ${i}: ${error.message}`);
          return;
        }
        if (seen.has(element) && !this.#allowDuplicates) this.#duplicate(element);
        seen.add(element);
      }
      this.#below(element, item, schema.element());
    }
  }

  #duplicate(element: PathElement): void {
    const { path } = typedProblem([element], '');
    this.#problem(`duplicate entries for key ${path}`);
  }
}

/** Throws TypedError. */
export function checkObject(object: object, schema: TypedSchema, allowDuplicates = false): void {
  const walk = new Walk(allowDuplicates);
  walk.visit(object, schema);
  if (walk.problems.length > 0) throw new TypedError(walk.problems);
}
