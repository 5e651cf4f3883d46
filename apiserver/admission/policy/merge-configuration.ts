import { decodePatched } from '../../../api/codec/body.ts';
import { applyMergePatch } from '../../../api/patch/json-merge.ts';
import { applyStrategicPatch } from '../../../api/patch/strategic.ts';
import { typeOf, type GroupVersionKind } from '../../../api/schema/schema.ts';
import type { KubeObject } from '../../pipeline.ts';

/** What a configuration names is set in the object; lists that are maps are merged by their keys. */
export const mergeConfiguration = (
  object: KubeObject,
  configuration: KubeObject,
  gvk: GroupVersionKind,
): KubeObject => {
  const name = typeOf(gvk.group, gvk.version, gvk.kind);
  if (name === undefined) return applyMergePatch(object, configuration) as KubeObject;
  return applyStrategicPatch(object, configuration, name);
};

/** What a patch has left, if it still is an object of its kind. Throws a StatusError. */
export const checkedObject = (object: KubeObject, gvk: GroupVersionKind): KubeObject =>
  typeOf(gvk.group, gvk.version, gvk.kind) === undefined ? object : decodePatched(object, gvk, 'Strict').object;
