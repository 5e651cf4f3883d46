/** How items of associative lists are told apart. */
import { isObject } from '../meta/clone.ts';
import { goQuote } from '../meta/go-text.ts';
import { compareText, keyElement, valueElement, type PathElement } from './path-element.ts';
import type { ListSchema } from './typed-schema.ts';

/** An item without what its list tells items apart by; worded as structured-merge-diff words it. */
export class ListItemError extends Error {
  override name = 'ListItemError';
}

export function itemElement(list: ListSchema, item: unknown): PathElement {
  if (!list.associative) throw new ListItemError('invalid indexing of non-associative list');
  return list.keys.length > 0 ? keyedElement(list, item) : setElement(item);
}

const sortedKeys = new WeakMap<readonly string[], readonly string[]>();

function sorted(keys: readonly string[]): readonly string[] {
  let known = sortedKeys.get(keys);
  if (known === undefined) {
    known = [...keys].sort(compareText);
    sortedKeys.set(keys, known);
  }
  return known;
}

function keyedElement(list: ListSchema, item: unknown): PathElement {
  if (item === null || item === undefined) {
    throw new ListItemError('associative list with keys may not have a null element');
  }
  if (!isObject(item)) throw new ListItemError('associative list with keys may not have non-map elements');
  const pairs: [string, unknown][] = [];
  for (const key of sorted(list.keys)) {
    const value = Object.hasOwn(item, key) ? item[key] : list.element().map?.defaultOf(key);
    if (value !== undefined) pairs.push([key, value]);
  }
  if (pairs.length === 0) {
    const keys = `[${list.keys.map(goQuote).join(' ')}]`;
    const why = `omits all key fields ${keys} (and doesn't have default values for any key fields)`;
    throw new ListItemError(`associative list with keys has an element that ${why}`);
  }
  return keyElement(pairs);
}

function setElement(item: unknown): PathElement {
  if (Array.isArray(item)) throw new ListItemError('not supported: associative list with lists as elements');
  if (item === null || item === undefined) {
    throw new ListItemError("associative list without keys has an element that's an explicit null");
  }
  if (typeof item === 'object') {
    throw new ListItemError("associative list without keys has an element that's a map type");
  }
  return valueElement(item);
}
