/** JSON patch (RFC 6902). */
import jsonpatch from 'fast-json-patch';
import type { Operation } from 'fast-json-patch';
import { clone, isObject } from '../meta/clone.ts';
import { newBadRequest, newRequestEntityTooLarge, newUnprocessablePatch } from '../meta/status.ts';

/** of one patch */
export const operationsMax = 10_000;
/** of all `copy` operations of one patch together, in characters of JSON; copies of copies grow fast */
const copiedLengthMax = 3 * 1024 * 1024;

const typeName = (value: unknown): string =>
  isObject(value) ? 'object' : value === null ? 'null' : typeof value === 'boolean' ? 'bool' : typeof value;

/** Returns a new document. Throws StatusError: 400 where it is no patch, 422 where it does not apply. */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) {
    throw newBadRequest(`json: cannot unmarshal ${typeName(patch)} into Go value of type jsonpatch.Patch`);
  }
  if (patch.length > operationsMax) {
    throw newRequestEntityTooLarge(
      `The allowed maximum operations in a JSON patch is ${operationsMax}, got ${patch.length}`,
    );
  }
  let result = clone(document);
  let copied = 0;
  for (const operation of patch as Operation[]) {
    try {
      if (isObject(operation) && operation.op === 'copy') {
        copied += JSON.stringify(jsonpatch.getValueByPointer(result, operation.from) ?? null).length;
        if (copied > copiedLengthMax) throw new RangeError('copies too much');
      }
      result = jsonpatch.applyOperation(result, clone(operation), true, true, true).newDocument;
    } catch {
      // a real server tells no more of why a patch does not apply
      throw newUnprocessablePatch();
    }
  }
  return result;
}
