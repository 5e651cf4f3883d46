/**
 * Strategic merge patch: like a merge patch, but lists whose field declares a merge key are merged item by item.
 *
 *     containers: [{name: a, image: 1}, {name: b}]        live
 *     containers: [{name: b, $patch: delete}, {name: c}]  patch
 *     containers: [{name: c}, {name: a, image: 1}]        result: items of the patch first, unless it orders them
 *
 * Directives: `$patch: replace|delete` in maps and list items, `$retainKeys`, `$setElementOrder/<list>`,
 * `$deleteFromPrimitiveList/<list>`. Rules and messages are those of apimachinery's strategicpatch package.
 */
import { clone, getOwn, isObject, setOwn } from '../meta/clone.ts';
import { newBadRequest, newUnprocessablePatch, StatusError } from '../meta/status.ts';
import { structOf } from '../schema/schema.ts';
import type { SchemaField, TypeNode } from '../schema/schema.ts';
import { deleteItems, deleteValues, orderLike, orderMerged, uniqueValues } from './list-order.ts';

type Json = Record<string, unknown>;

export const directive = '$patch';
const retainKeys = '$retainKeys';
const setElementOrder = '$setElementOrder';
const deleteFromPrimitiveList = '$deleteFromPrimitiveList';

/** A fault in the patch that a real server answers with 500 and these words. */
const fault = (message: string): StatusError => new StatusError(500, '', message);

/** What the table says of a field's patches. */
interface PatchRule {
  readonly replaces: boolean;
  readonly merges: boolean;
  readonly mergeKey: string;
  /** of the field, or of its items where it is a list; undefined below maps and free-form values */
  readonly node: TypeNode | undefined;
}

function ruleOf(node: TypeNode | undefined, key: string): PatchRule {
  const field = fieldOf(node, key);
  if (field === undefined) {
    const element = node?.kind === 'map' ? node.element : undefined;
    return { replaces: false, merges: false, mergeKey: '', node: element };
  }
  const strategies = (field.fact.patchStrategy ?? '').split(',');
  const own = field.node;
  return {
    replaces: strategies.includes('replace'),
    merges: strategies.includes('merge'),
    mergeKey: field.fact.patchMergeKey ?? '',
    node: own.kind === 'list' ? own.element : own,
  };
}

const fieldOf = (node: TypeNode | undefined, key: string): SchemaField | undefined =>
  node?.kind === 'struct' ? structOf(node.name).fields.get(key) : undefined;

/** Returns a new object; neither argument is changed. Throws StatusError where the patch makes no sense. */
export function applyStrategicPatch(original: Json, patch: unknown, typeName: string): Json {
  if (!isObject(patch)) throw newBadRequest('invalid JSON document');
  return mergeMap(clone(original), clone(patch), { kind: 'struct', name: typeName, go: '' });
}

/** Changes and returns `original`; takes apart `patch`. */
function mergeMap(original: Json, patch: Json, node: TypeNode | undefined): Json {
  const directed = getOwn(patch, directive);
  if (directed !== undefined) {
    if (directed === 'delete') return {};
    if (directed !== 'replace') throw fault(`unknown patch type: ${goText(directed)} in map: ${goText(patch)}`);
    delete patch[directive];
    return patch;
  }
  applyRetainKeys(original, patch);
  applyElementOrders(original, patch, node);
  for (const patchKey of Object.keys(patch)) {
    const deletes = patchKey.startsWith(deleteFromPrimitiveList);
    const key = deletes ? afterPrefix(patchKey, deleteFromPrimitiveList) : patchKey;
    mergeKeyInto(original, key, patch[patchKey], deletes, node);
  }
  return original;
}

function mergeKeyInto(original: Json, key: string, value: unknown, deletes: boolean, node: TypeNode | undefined): void {
  if (value === null) {
    delete original[key];
    return;
  }
  const live = getOwn(original, key);
  const bothMaps = isObject(live) && isObject(value);
  const bothLists = Array.isArray(live) && Array.isArray(value);
  if (bothMaps) {
    const rule = ruleOf(node, key);
    setOwn(original, key, rule.replaces ? value : mergeMap(live, value, rule.node));
  } else if (bothLists) {
    const rule = ruleOf(node, key);
    const merges = rule.merges || deletes;
    setOwn(original, key, merges ? mergeList(live, value, rule, deletes) : value);
  } else if (!deletes) {
    const kept = withoutDirectives(withoutNulls(value));
    if (kept === removed) delete original[key];
    else setOwn(original, key, kept);
  }
}

function afterPrefix(key: string, prefix: string): string {
  if (key.startsWith(`${prefix}/`)) return key.slice(prefix.length + 1);
  const list = prefix === setElementOrder ? 'setElementOrder' : 'primitive';
  throw newBadRequest(`invalid patch format of ${list} list`);
}

/** Drops from `original` what `$retainKeys` does not name; the patch may set named keys only. */
function applyRetainKeys(original: Json, patch: Json): void {
  const names = getOwn(patch, retainKeys);
  if (names === undefined) return;
  delete patch[retainKeys];
  if (!Array.isArray(names)) throw newBadRequest('invalid patch format of retainKeys');
  const retained = new Set<unknown>(names);
  for (const key of Object.keys(patch)) {
    const isDirective = key.startsWith(deleteFromPrimitiveList) || key.startsWith(setElementOrder);
    if (patch[key] !== null && !isDirective && !retained.has(key)) {
      throw newBadRequest('invalid patch format of retainKeys');
    }
  }
  for (const key of Object.keys(original)) if (!retained.has(key)) delete original[key];
}

/** Merges each list that has an order of its own, and puts it in that order. */
function applyElementOrders(original: Json, patch: Json, node: TypeNode | undefined): void {
  for (const orderKey of Object.keys(patch)) {
    if (!orderKey.startsWith(setElementOrder)) continue;
    const order = patch[orderKey];
    delete patch[orderKey];
    const key = afterPrefix(orderKey, setElementOrder);
    const rule = ruleOf(node, key);
    const live = listAt(original, key);
    const patched = listAt(patch, key);
    if (!Array.isArray(order)) throw fault('expected a []interface {}, but received another type');
    if (node?.kind === 'struct' && fieldOf(node, key) === undefined) {
      throw fault(`unable to find api field in struct ${structOf(node.name).goName} for the json field "${key}"`);
    }
    checkOrder(patched ?? [], order, rule.mergeKey);
    if (live === undefined && patched === undefined) continue;
    if (!live?.length && !patched?.length) throw fault('no elements in any of the given slices');
    let merged: unknown[];
    if (patched === undefined) merged = live ?? [];
    else if (live === undefined) merged = withoutDirectives(patched) as unknown[];
    else merged = rule.merges ? mergeList([...live], patched, rule, false) : patched;
    checkMergeKeys(rule.mergeKey, merged, order);
    setOwn(original, key, orderMerged(merged, order, live ?? [], rule.mergeKey));
    delete patch[key];
  }
}

function listAt(of: Json, key: string): unknown[] | undefined {
  const value = getOwn(of, key);
  if (value === undefined || Array.isArray(value)) return value;
  throw fault(
    `expected a []interface {}, but received a ${isObject(value) ? 'map[string]interface {}' : typeof value}`,
  );
}

/** The patch's items stand in `order`, in the same sequence. */
function checkOrder(patched: unknown[], order: unknown[], mergeKey: string): void {
  if (patched.length === 0 || order.length === 0) return;
  const wanted = patched.filter((item) => !isObject(item) || getOwn(item, directive) !== 'delete');
  const isDirective = (item: unknown): boolean => isObject(item) && Object.hasOwn(item, directive);
  checkMergeKeys(
    mergeKey,
    wanted.filter((item) => !isDirective(item)),
    order,
  );
  if (orderLike(wanted, order, mergeKey, isDirective)) return;
  throw fault(
    `The order in patch list:\n${goText(patched)}\n doesn't match ${setElementOrder} list:\n${goText(order)}\n`,
  );
}

function checkMergeKeys(mergeKey: string, ...lists: unknown[][]): void {
  if (mergeKey === '') return;
  for (const item of lists.flat()) {
    if (!isObject(item)) throw fault(`expected a map[string]interface {}, but received a ${typeof item}`);
    const isReplace = item[directive] === 'replace' && Object.keys(item).length === 1;
    if (!isReplace && !Object.hasOwn(item, mergeKey)) {
      throw fault(`map: ${goText(item)} does not contain declared merge key: ${mergeKey}`);
    }
  }
}

function mergeList(live: unknown[], patched: unknown[], rule: PatchRule, deletes: boolean): unknown[] {
  if (live.length === 0 && patched.length === 0) return live;
  const ofMaps = [...live, ...patched].some(isObject);
  if ([...live, ...patched].some(Array.isArray)) throw newUnprocessablePatch();
  if (!ofMaps) {
    if (deletes) return deleteValues(live, patched);
    return orderMerged(uniqueValues([...live, ...patched]), patched, live, '');
  }
  const { mergeKey } = rule;
  if (mergeKey === '') throw fault('cannot merge lists without merge key for struct');
  const [kept, items] = applyItemDirectives(live, patched, mergeKey);
  const merged = [...kept];
  for (const item of items) {
    checkMergeKeys(mergeKey, [item]);
    const at = merged.findIndex((m) => isObject(m) && getOwn(m, mergeKey) === getOwn(item as Json, mergeKey));
    if (at < 0) merged.push(item);
    else merged[at] = mergeMap(merged[at] as Json, item as Json, rule.node);
  }
  checkMergeKeys(mergeKey, merged);
  return orderMerged(merged, items, kept, mergeKey);
}

/** Obeys `$patch` in list items. Returns the live items that stay, and the patch's ordinary items. */
function applyItemDirectives(live: unknown[], patched: unknown[], mergeKey: string): [unknown[], unknown[]] {
  let kept = live;
  let replaces = false;
  const items: unknown[] = [];
  for (const item of patched) {
    if (!isObject(item)) throw fault('expected a map[string]interface {}, but received another type');
    const directed = getOwn(item, directive);
    if (directed === undefined) items.push(item);
    else if (directed === 'replace') replaces = true;
    else if (directed === 'delete') {
      checkMergeKeys(mergeKey, [item]);
      kept = deleteItems(kept, mergeKey, item[mergeKey]);
    } else if (directed === 'merge') throw fault('merging lists cannot yet be specified in the patch');
    else throw fault(`unknown patch type: ${goText(directed)} in map: ${goText(item)}`);
  }
  return replaces ? [items, []] : [kept, items];
}

const removed: unique symbol = Symbol('removed');

/** What has a `$patch` is no data; it goes, with all below it. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== removed);
  if (!isObject(value)) return value;
  if (Object.hasOwn(value, directive)) return removed;
  const kept: Json = {};
  for (const key of Object.keys(value)) {
    const item = withoutDirectives(value[key]);
    if (item !== removed) setOwn(kept, key, item);
  }
  return kept;
}

/** A null that finds nothing to delete leaves no trace. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const kept: Json = {};
  for (const key of Object.keys(value)) if (value[key] !== null) setOwn(kept, key, withoutNulls(value[key]));
  return kept;
}

/** `%v` of Go: `map[a:1 b:[x y]]` */
function goText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (!isObject(value)) return typeof value === 'string' ? value : value === null ? '<nil>' : JSON.stringify(value);
  const entries = Object.keys(value).sort();
  return `map[${entries.map((key) => `${key}:${goText(value[key])}`).join(' ')}]`;
}
