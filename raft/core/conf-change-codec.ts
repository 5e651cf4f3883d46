import type { ConfChange, ConfChangeSingle } from './types.ts';

/**
 * The `data` of a conf-change entry:
 *
 *     version 1 | transition 1 | count 2 | count × (type 1 | id length 1 | id) | context
 */
const version = 1;
const transitions: readonly ConfChange['transition'][] = ['auto', 'joint-implicit', 'joint-explicit'];
const types: readonly ConfChangeSingle['type'][] = ['add-voter', 'add-learner', 'remove', 'update'];

export function encodeConfChange(change: ConfChange): Uint8Array {
  const ids = change.changes.map(({ id }) => new TextEncoder().encode(id));
  const size = 4 + ids.reduce((sum, id) => sum + 2 + id.length, 0);
  const out = new Uint8Array(size + change.data.length);
  out.set([version, transitions.indexOf(change.transition), ids.length >> 8, ids.length & 0xff]);
  let at = 4;
  for (const [i, id] of ids.entries()) {
    if (id.length > 255) throw new RangeError(`member id of ${id.length} bytes in a configuration change: at most 255`);
    out.set([types.indexOf(change.changes[i]!.type), id.length], at);
    out.set(id, at + 2);
    at += 2 + id.length;
  }
  out.set(change.data, at);
  return out;
}

/** Throws RangeError on bytes that `encodeConfChange` did not write. */
export function decodeConfChange(bytes: Uint8Array): ConfChange {
  const byteAt = (at: number): number => {
    const value = bytes[at];
    if (value === undefined) throw new RangeError(`configuration change cut short at byte ${at}`);
    return value;
  };
  const named = <T>(names: readonly T[], at: number): T => {
    const name = names[byteAt(at)];
    if (name === undefined) throw new RangeError(`configuration change: unknown code ${byteAt(at)} at byte ${at}`);
    return name;
  };
  if (byteAt(0) !== version) throw new RangeError(`configuration change of unknown version ${byteAt(0)}`);
  const transition = named(transitions, 1);
  const count = byteAt(2) * 256 + byteAt(3);
  const changes: ConfChangeSingle[] = [];
  let at = 4;
  for (let i = 0; i < count; i++) {
    const type = named(types, at);
    const end = at + 2 + byteAt(at + 1);
    if (end > bytes.length) throw new RangeError(`configuration change cut short at byte ${bytes.length}`);
    changes.push({ type, id: new TextDecoder().decode(bytes.subarray(at + 2, end)) });
    at = end;
  }
  return { transition, changes, data: bytes.slice(at) };
}
