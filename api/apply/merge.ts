/** An applied configuration merged into an object (structured-merge-diff, typed/merge.go). Shares what it does not change. */
import { isObject, setOwn } from '../meta/clone.ts';
import { isEmptyValue } from './compare.ts';
import { itemElement } from './list-items.ts';
import type { PathElement } from './path-element.ts';
import { kindOfValue, valueSchema, type ListSchema, type MapSchema, type TypedSchema } from './typed-schema.ts';

/** Undefined: nothing is there. The right side wins where both have a leaf. */
function mergeValues(left: unknown, right: unknown, schema: TypedSchema): unknown {
  const kind = kindOfValue(schema, right === undefined ? left : right);
  const leaf = right === undefined ? left : right;
  if (kind === 'map') return mergeMaps(left, right, schema.map as MapSchema, leaf);
  if (kind === 'list') return mergeLists(left, right, schema.list as ListSchema, leaf);
  return leaf;
}

function mergeMaps(left: unknown, right: unknown, schema: MapSchema, leaf: unknown): unknown {
  const [mapLeft, mapRight] = [isObject(left) ? left : undefined, isObject(right) ? right : undefined];
  if (schema.atomic || (isEmptyValue(mapLeft) && isEmptyValue(mapRight))) return leaf;
  const merged: Record<string, unknown> = {};
  const add = (key: string): void => {
    const own = valueSchema(schema, key);
    if (own === undefined) return;
    const value = mergeValues(valueOf(mapLeft, key), valueOf(mapRight, key), own);
    if (value !== undefined) setOwn(merged, key, value);
  };
  for (const key of Object.keys(mapLeft ?? {})) add(key);
  for (const key of Object.keys(mapRight ?? {})) if (valueOf(mapLeft, key) === undefined) add(key);
  return isEmptyValue(merged) ? undefined : merged;
}

const valueOf = (map: Record<string, unknown> | undefined, key: string): unknown =>
  map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined;

interface Indexed {
  readonly elements: readonly PathElement[];
  readonly items: ReadonlyMap<PathElement, unknown>;
}

/** An item that occurs several times is not merged with another: it counts as null. */
function indexed(schema: ListSchema, list: readonly unknown[]): Indexed {
  const items = new Map<PathElement, unknown>();
  const elements = list.map((item) => {
    const element = itemElement(schema, item);
    items.set(element, items.has(element) ? null : item);
    return element;
  });
  return { elements, items };
}

/**
 * Items that both have stand in the order of the right side; those that only the left has stay as near as can be to
 * where they were.
 *
 *     left [a b c d], right [d b x]  →  [a c d b x]
 */
function mergeLists(left: unknown, right: unknown, schema: ListSchema, leaf: unknown): unknown {
  const [listLeft, listRight] = [Array.isArray(left) ? left : [], Array.isArray(right) ? right : []];
  if (!schema.associative || (listLeft.length === 0 && listRight.length === 0)) return leaf;
  const merged = new ListMerge(schema, listLeft, listRight).run();
  return merged.length === 0 ? undefined : merged;
}

class ListMerge {
  readonly #schema: ListSchema;
  readonly #listLeft: readonly unknown[];
  readonly #left: Indexed;
  readonly #right: Indexed;
  readonly #shared: PathElement[];
  readonly #taken = new Set<PathElement>();
  readonly #out: unknown[] = [];

  constructor(schema: ListSchema, left: readonly unknown[], right: readonly unknown[]) {
    this.#schema = schema;
    this.#listLeft = left;
    this.#left = indexed(schema, left);
    this.#right = indexed(schema, right);
    this.#shared = this.#right.elements.filter((element) => this.#left.items.has(element));
  }

  run(): unknown[] {
    const [left, right] = [this.#left.elements, this.#right.elements];
    for (let l = 0, r = 0; l < left.length || r < right.length;) {
      const own = left[l];
      if (own !== undefined && r < right.length) {
        if (own === right[r]) {
          this.#takeRight(own);
          this.#shared.shift();
          l++;
          r++;
          continue;
        }
        // an item of both, but not the one whose turn it is
        const next = this.#shared[0];
        if (this.#right.items.has(own) && next !== undefined && next !== own) {
          l++;
          continue;
        }
      }
      if (own !== undefined) {
        if (!this.#right.items.has(own)) {
          this.#push(mergeValues(this.#listLeft[l], undefined, this.#schema.element()));
          l++;
          continue;
        }
        if (this.#taken.has(own)) l++;
      }
      const other = right[r];
      if (other === undefined) continue;
      this.#takeRight(other);
      r++;
      if (this.#shared[0] === other) this.#shared.shift();
    }
    return this.#out;
  }

  #takeRight(element: PathElement): void {
    this.#taken.add(element);
    const [left, right] = [this.#left.items.get(element), this.#right.items.get(element)];
    this.#push(mergeValues(left, right, this.#schema.element()));
  }

  #push(value: unknown): void {
    if (value !== undefined) this.#out.push(value);
  }
}

/** Throws ListItemError. Both must fit the schema. */
export function mergeObjects(live: object, config: object, schema: TypedSchema): Record<string, unknown> {
  return (mergeValues(live, config, schema) ?? {}) as Record<string, unknown>;
}
