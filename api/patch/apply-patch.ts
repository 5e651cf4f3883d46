/** A PATCH body of any kind, applied to an object. */
import { decodePatched } from '../codec/body.ts';
import type { CustomKind } from '../crd/custom-kind.ts';
import type { DecodedBody, FieldValidation, JsonObject } from '../codec/body.ts';
import { JsonSyntaxError, plain, scanJson } from '../codec/json-scanner.ts';
import { newBadRequest } from '../meta/status.ts';
import { typeOf } from '../schema/schema.ts';
import type { GroupVersionKind } from '../schema/schema.ts';
import { applyMergePatch } from './json-merge.ts';
import { applyJsonPatch } from './json-patch.ts';
import { applyStrategicPatch } from './strategic.ts';

export type PatchKind = 'json' | 'merge' | 'strategic';

export const patchMediaTypes: Readonly<Record<string, PatchKind>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
};

const utf8 = new TextDecoder('utf-8');

/** The body as a value. Throws StatusError 400. */
export function parsePatch(body: Uint8Array, kind: PatchKind): unknown {
  try {
    return plain(scanJson(utf8.decode(body)).value);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw newBadRequest(kind === 'strategic' ? error.message : `error decoding patch: ${error.message}`);
  }
}

/** `current` patched, in the form Go would write it; `current` is not changed. Throws StatusError. */
export function applyPatch(
  kind: PatchKind,
  current: JsonObject,
  patch: unknown,
  gvk: GroupVersionKind,
  validation: FieldValidation = 'Warn',
  custom?: CustomKind,
): DecodedBody {
  const value = patched(kind, current, patch, gvk);
  return custom === undefined ? decodePatched(value, gvk, validation) : custom.decodePatched(value, validation);
}

function patched(kind: PatchKind, current: JsonObject, patch: unknown, gvk: GroupVersionKind): unknown {
  if (kind === 'json') return applyJsonPatch(current, patch);
  if (kind === 'merge') {
    if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) throw newBadRequest('Invalid JSON Patch');
    return applyMergePatch(current, patch);
  }
  const name = typeOf(gvk.group, gvk.version, gvk.kind);
  if (name === undefined) throw newBadRequest('strategic merge patch format is not supported');
  return applyStrategicPatch(current, patch, name);
}
