/**
 * Sets of paths into an object, in the very form of FieldsV1: a tree of JSON objects, keyed by path elements. Nothing is
 * decoded to compute with them, and what did not change is shared.
 *
 *     { "f:spec": { "f:replicas": {}, "f:template": { ".": {}, "f:metadata": {} } } }
 *
 * holds .spec.replicas, .spec.template (by its ".") and .spec.template.metadata, and not .spec.
 *
 * A node is in the set if it has a "." or nothing at all; the root never is. No node but the root is without any member
 * at or below it. Sets are never changed once made.
 */
import { isObject } from '../meta/clone.ts';
import { canonicalElement, compareElements, PathElementError, type PathElement } from './path-element.ts';

export interface FieldSet {
  readonly [element: PathElement]: FieldSet;
}
/** While it is being built. */
export interface GrowingFieldSet {
  [element: PathElement]: GrowingFieldSet;
}

export const self = '.';
const leaf: FieldSet = Object.freeze({});
export const emptySet: FieldSet = leaf;

export function isEmptySet(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

/** Whether the node itself is in the set. */
export const isMember = (node: FieldSet): boolean => Object.hasOwn(node, self) || isEmptySet(node);

/** Whether something below the node is in the set. */
export function hasBelow(node: FieldSet): boolean {
  for (const key in node) if (key !== self) return true;
  return false;
}

const at = (node: FieldSet, element: PathElement): FieldSet | undefined =>
  Object.hasOwn(node, element) ? node[element] : undefined;

export { at as childOf };

export function hasPath(set: FieldSet, path: readonly PathElement[]): boolean {
  let node: FieldSet | undefined = set;
  for (const element of path) {
    node = at(node, element);
    if (node === undefined) return false;
  }
  return path.length > 0 && isMember(node);
}

/** `setOf(['f:spec'], ['f:metadata', 'f:labels'])` */
export function setOf(...paths: readonly (readonly PathElement[])[]): FieldSet {
  let set: FieldSet = emptySet;
  for (const path of paths) {
    set = union(
      set,
      path.reduceRight<FieldSet>((below, element) => ({ [element]: below }), leaf),
    );
  }
  return set;
}

/** A node of these parts; undefined: nothing is left. */
function nodeOf(member: boolean, below: FieldSet): FieldSet | undefined {
  if (isEmptySet(below)) return member ? leaf : undefined;
  return member ? { [self]: leaf, ...below } : below;
}

function combined(a: FieldSet, keep: (node: FieldSet, element: PathElement) => FieldSet | undefined): FieldSet {
  const result: GrowingFieldSet = {};
  let changed = false;
  for (const element in a) {
    if (element === self) continue;
    const node = a[element] as FieldSet;
    const kept = keep(node, element);
    if (kept !== node) changed = true;
    if (kept !== undefined) result[element] = kept;
  }
  return changed || Object.hasOwn(a, self) ? result : a;
}

/** Members of `a` that are none of `b`; what is below a member of `b` stays. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return combined(a, (node, element) => {
    const other = at(b, element);
    if (other === undefined) return node;
    return nodeOf(isMember(node) && !isMember(other), difference(node, other));
  });
}

/** Members of `a` that are neither in `b` nor below a member of it. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  return combined(a, (node, element) => {
    const other = at(b, element);
    if (other === undefined) return node;
    if (isMember(other)) return undefined;
    return nodeOf(isMember(node), recursiveDifference(node, other));
  });
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return combined(a, (node, element) => {
    const other = at(b, element);
    if (other === undefined) return undefined;
    if (node === other) return node;
    return nodeOf(isMember(node) && isMember(other), intersection(node, other));
  });
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmptySet(b)) return a;
  if (isEmptySet(a)) return b;
  const result: GrowingFieldSet = {};
  for (const element in a) {
    if (element === self) continue;
    const node = a[element] as FieldSet;
    const other = at(b, element);
    if (other === undefined || other === node) result[element] = node;
    else result[element] = nodeOf(isMember(node) || isMember(other), union(below(node), below(other))) ?? leaf;
  }
  for (const element in b) if (element !== self && !Object.hasOwn(a, element)) result[element] = b[element] as FieldSet;
  return result;
}

/** The node without its own membership. */
function below(node: FieldSet): FieldSet {
  if (!Object.hasOwn(node, self)) return node;
  const { [self]: _, ...rest } = node;
  return rest;
}

/** Each path in the set: those that end at one node before those that go on below it. */
export function* pathsOf(set: FieldSet, prefix: readonly PathElement[] = []): Generator<readonly PathElement[]> {
  const elements = Object.keys(set)
    .filter((element) => element !== self)
    .sort(compareElements);
  for (const element of elements) if (isMember(set[element] as FieldSet)) yield [...prefix, element];
  for (const element of elements) yield* pathsOf(set[element] as FieldSet, [...prefix, element]);
}

const order = (a: PathElement, b: PathElement): number => (a === self ? -1 : b === self ? 1 : compareElements(a, b));

/** The same set in the order in which it is written. */
export function sortedSet(set: FieldSet): FieldSet {
  const elements = Object.keys(set);
  let last: string | undefined;
  let same = true;
  for (const element of elements) {
    if (same && last !== undefined && order(last, element) > 0) same = false;
    last = element;
  }
  if (!same) elements.sort(order);
  const result: GrowingFieldSet = {};
  for (const element of elements) {
    const node = set[element] as FieldSet;
    const sorted = sortedSet(node);
    if (sorted !== node) same = false;
    result[element] = sorted;
  }
  return same ? set : result;
}

/** What somebody else has written as FieldsV1, as a set. Throws PathElementError where it is none. */
export function readFieldSet(value: unknown): FieldSet {
  return readNode(value).below;
}

function readNode(value: unknown): { below: FieldSet; member: boolean } {
  if (!isObject(value)) throw new PathElementError('ReadMapCB: expect { or n');
  const result: GrowingFieldSet = {};
  let member = false;
  for (const key of Object.keys(value)) {
    if (key === self) {
      member = true;
      continue;
    }
    const element = canonicalElement(key);
    if (element === undefined) continue;
    const child = readNode(value[key]);
    result[element] = nodeOf(child.member, child.below) ?? leaf;
  }
  return { below: result, member: member || isEmptySet(result) };
}
