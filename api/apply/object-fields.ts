/** All fields of an object, as a set (structured-merge-diff, typed/tofieldset.go). */
import { isObject } from '../meta/clone.ts';
import type { FieldSet } from './field-set.ts';
import { itemElement } from './list-items.ts';
import { isEmptyValue } from './compare.ts';
import { fieldElement, type PathElement } from './path-element.ts';
import { SetBuilder } from './set-builder.ts';
import { kindOfValue, valueSchema, type ListSchema, type MapSchema, type TypedSchema } from './typed-schema.ts';

class Walk {
  readonly builder = new SetBuilder();
  readonly #path: PathElement[] = [];

  visit(value: unknown, schema: TypedSchema): void {
    const kind = kindOfValue(schema, value);
    if (kind === 'map') this.#map(value, schema.map as MapSchema);
    else if (kind === 'list') this.#list(value, schema.list as ListSchema);
    else this.#add();
  }

  #add(): void {
    this.builder.add(this.#path, this.#path.length);
  }

  #below(element: PathElement, visit: () => void): void {
    this.#path.push(element);
    visit();
    this.builder.leave(this.#path.length);
    this.#path.pop();
  }

  #map(value: unknown, schema: MapSchema): void {
    if (schema.atomic) this.#add();
    else if (isObject(value)) {
      for (const key of Object.keys(value)) {
        const own = valueSchema(schema, key);
        if (own === undefined) continue;
        this.#below(fieldElement(key), () => {
          this.visit(value[key], own);
          const isHollow = value[key] === null || (isObject(value[key]) && isEmptyValue(value[key]));
          if (isHollow || schema.field(key) === undefined) this.#add();
        });
      }
    }
  }

  #list(value: unknown, schema: ListSchema): void {
    if (!schema.associative) {
      this.#add();
      return;
    }
    if (!Array.isArray(value)) return;
    const counts = new Map<PathElement, number>();
    const elements = value.map((item) => itemElement(schema, item));
    for (const element of elements) counts.set(element, (counts.get(element) ?? 0) + 1);
    for (const [i, element] of elements.entries()) {
      this.#below(element, () => {
        // what is below several items of one key belongs to nobody
        if (counts.get(element) === 1) this.visit(value[i], schema.element());
        this.#add();
      });
    }
  }
}

/** Throws ListItemError. */
export function fieldsOfObject(object: object, schema: TypedSchema): FieldSet {
  const walk = new Walk();
  walk.visit(object, schema);
  return walk.builder.set;
}
