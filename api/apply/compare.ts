/** What changed between two objects, as sets of fields (structured-merge-diff, typed/compare.go). */
import { isObject } from '../meta/clone.ts';
import { deepEqual } from '../meta/deep-equal.ts';
import type { FieldSet } from './field-set.ts';
import { itemElement } from './list-items.ts';
import { fieldElement, type PathElement } from './path-element.ts';
import { SetBuilder } from './set-builder.ts';
import { kindOfValue, valueSchema, type ListSchema, type MapSchema, type TypedSchema } from './typed-schema.ts';

export interface Comparison {
  /** in the first only */
  readonly removed: FieldSet;
  /** in the second only, or different there */
  readonly changed: FieldSet;
}

export const isEmptyValue = (value: unknown): boolean => {
  if (value === undefined || value === null || typeof value !== 'object') return true;
  if (Array.isArray(value)) return value.length === 0;
  for (const _ in value) return false;
  return true;
};

class Walk {
  readonly removed = new SetBuilder();
  readonly changed = new SetBuilder();
  readonly #path: PathElement[] = [];
  #depth = 0;

  /** undefined: not there */
  compare(left: unknown, right: unknown, schema: TypedSchema): void {
    if (left === right && left !== undefined) return;
    const [kindLeft, kindRight] = [kindOfValue(schema, left), kindOfValue(schema, right)];
    let isLeaf: boolean;
    if (right === undefined) isLeaf = this.#handle(kindLeft, left, right, schema);
    else {
      if (left !== undefined && kindLeft !== kindRight) this.#handle(kindLeft, left, right, schema);
      isLeaf = this.#handle(kindRight, left, right, schema);
    }
    if (isLeaf) return;
    if (left === undefined) this.#add(this.changed);
    else if (right === undefined) this.#add(this.removed);
  }

  #add(builder: SetBuilder): void {
    builder.add(this.#path, this.#depth);
  }

  #below(element: PathElement, left: unknown, right: unknown, schema: TypedSchema): void {
    this.#path[this.#depth++] = element;
    this.compare(left, right, schema);
    this.removed.leave(this.#depth);
    this.changed.leave(this.#depth);
    this.#depth--;
  }

  /** True: the value is one thing, and has been dealt with. */
  #handle(kind: 'map' | 'scalar' | 'list' | undefined, left: unknown, right: unknown, schema: TypedSchema): boolean {
    if (kind === 'map') return this.#maps(left, right, schema.map as MapSchema);
    if (kind === 'list') return this.#lists(left, right, schema.list as ListSchema);
    return this.#leaf(left, right);
  }

  #leaf(left: unknown, right: unknown): true {
    if (left === undefined) this.#add(this.changed);
    else if (right === undefined) this.#add(this.removed);
    else if (!deepEqual(left, right)) this.#add(this.changed);
    return true;
  }

  #maps(left: unknown, right: unknown, schema: MapSchema): boolean {
    const [mapLeft, mapRight] = [isObject(left) ? left : undefined, isObject(right) ? right : undefined];
    // two empty ones are a leaf, so that null and {} stay different
    if (schema.atomic || (isEmptyValue(mapLeft) && isEmptyValue(mapRight))) return this.#leaf(left, right);
    for (const key in mapLeft) {
      const own = valueSchema(schema, key);
      const other = mapRight !== undefined && Object.hasOwn(mapRight, key) ? mapRight[key] : undefined;
      if (own !== undefined) this.#below(fieldElement(key), mapLeft[key], other, own);
    }
    for (const key in mapRight) {
      if (mapLeft !== undefined && Object.hasOwn(mapLeft, key)) continue;
      const own = valueSchema(schema, key);
      if (own !== undefined) this.#below(fieldElement(key), undefined, mapRight[key], own);
    }
    return false;
  }

  #lists(left: unknown, right: unknown, schema: ListSchema): boolean {
    const [listLeft, listRight] = [Array.isArray(left) ? left : [], Array.isArray(right) ? right : []];
    if (!schema.associative || (listLeft.length === 0 && listRight.length === 0)) return this.#leaf(left, right);
    const [itemsLeft, itemsRight] = [grouped(schema, listLeft), grouped(schema, listRight)];
    for (const [element, items] of itemsLeft) this.#items(element, items, itemsRight.get(element) ?? [], schema);
    for (const [element, items] of itemsRight) {
      if (!itemsLeft.has(element)) this.#items(element, [], items, schema);
    }
    return false;
  }

  /** Items of one key: usually one on each side. Several are compared as if they were one thing. */
  #items(element: PathElement, left: unknown[], right: unknown[], schema: ListSchema): void {
    if (left.length <= 1 && right.length <= 1) {
      this.#below(element, left[0], right[0], schema.element());
      return;
    }
    if (left.length >= 2 && right.length >= 2) {
      if (!deepEqual(left, right)) this.#mark(element, this.changed);
      return;
    }
    if (left.length >= 2) {
      if (right.length > 0) this.#below(element, undefined, right[0], schema.element());
      this.#mark(element, this.removed);
      return;
    }
    if (left.length > 0) this.#below(element, left[0], undefined, schema.element());
    this.#mark(element, this.changed);
  }

  #mark(element: PathElement, builder: SetBuilder): void {
    this.#path[this.#depth++] = element;
    this.#add(builder);
    builder.leave(this.#depth);
    this.#depth--;
  }
}

function grouped(schema: ListSchema, list: readonly unknown[]): Map<PathElement, unknown[]> {
  const groups = new Map<PathElement, unknown[]>();
  for (const item of list) {
    const element = itemElement(schema, item);
    const known = groups.get(element);
    if (known === undefined) groups.set(element, [item]);
    else known.push(item);
  }
  return groups;
}

/** Throws ListItemError. */
export function compareObjects(left: object, right: object, schema: TypedSchema): Comparison {
  const walk = new Walk();
  walk.compare(left, right, schema);
  return { removed: walk.removed.set, changed: walk.changed.set };
}
