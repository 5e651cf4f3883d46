/** What server-side apply needs to know of the resource that a request is about. */
import type { FieldScope } from '../../api/apply/field-manager.ts';
import { tableSchemaOf } from '../../api/apply/table-schema.ts';
import type { TypedSchema } from '../../api/apply/typed-schema.ts';
import { normalizeObject } from '../../api/codec/body.ts';
import { applyDefaults } from '../../api/defaults/defaults.ts';
import { clone } from '../../api/meta/clone.ts';
import { apiVersionOf, type GroupVersionKind } from '../../api/schema/schema.ts';
import type { KubeObject } from '../pipeline.ts';
import { siblingsOf } from '../registry/registry.ts';
import { resetFieldsOf } from '../registry/reset-fields.ts';
import type { ResourceEntry } from '../registry/resource-entry.ts';
import { gvkOf } from './resource-request.ts';

const schemaOfEntry = (entry: ResourceEntry): TypedSchema | undefined => entry.typed ?? tableSchemaOf(gvkOf(entry));

const normal = (object: KubeObject, gvk: GroupVersionKind): KubeObject => normalizeObject(object, gvk);

function siblingIn(entry: ResourceEntry, apiVersion: string): ResourceEntry | undefined {
  if (apiVersion === apiVersionOf(entry.info)) return entry;
  // as the real server: what was written through another group is nobody's once it is written through this one
  const { group } = entry.info;
  return siblingsOf(entry).find(({ info }) => info.group === group && apiVersionOf(info) === apiVersion);
}

function converted(entry: ResourceEntry, object: KubeObject, apiVersion: string): KubeObject {
  if (object.apiVersion === apiVersion) return object;
  const [from, to] = [siblingIn(entry, object.apiVersion ?? ''), siblingIn(entry, apiVersion)];
  if (from === undefined || to === undefined) throw new Error(`${object.apiVersion} has no form in ${apiVersion}`);
  const whole = from.typed === undefined ? normal(object, gvkOf(from)) : object;
  const stored = from.conversion === undefined ? whole : from.conversion.toStored(whole);
  const result = to.conversion === undefined ? stored : to.conversion.fromStored(stored);
  return { ...result, apiVersion, kind: to.info.kind };
}

function complete(entry: ResourceEntry, object: KubeObject): KubeObject {
  if (entry.typed !== undefined) return clone(object);
  return applyDefaults(normal(object, gvkOf(entry)), gvkOf(entry));
}

function zeroOf(entry: ResourceEntry): KubeObject {
  const { group, version, kind } = entry.info;
  return entry.typed === undefined
    ? normal({}, { group, version, kind })
    : { apiVersion: apiVersionOf(entry.info), kind };
}

function makeScope(entry: ResourceEntry, subresource: string): FieldScope {
  const reset = resetFieldsOf(entry, subresource);
  return {
    apiVersion: apiVersionOf(entry.info),
    kind: entry.info.kind,
    subresource,
    zero: zeroOf(entry),
    complete: (object) => complete(entry, object),
    versions: {
      schemaOf(apiVersion) {
        const sibling = siblingIn(entry, apiVersion);
        return sibling && schemaOfEntry(sibling);
      },
      convert: (object, apiVersion) => converted(entry, object, apiVersion),
      resetFields: () => reset,
    },
  };
}

const scopes = new WeakMap<ResourceEntry, Map<string, FieldScope>>();

export function fieldScopeOf(entry: ResourceEntry, subresource: string): FieldScope {
  let known = scopes.get(entry);
  if (known === undefined) {
    known = new Map();
    scopes.set(entry, known);
  }
  let scope = known.get(subresource);
  if (scope === undefined) {
    scope = makeScope(entry, subresource);
    known.set(subresource, scope);
  }
  return scope;
}

/** Of kinds that are no resource of their own: a Scale. */
export function fieldScopeOfKind(gvk: GroupVersionKind, subresource: string): FieldScope {
  const apiVersion = apiVersionOf(gvk);
  const schema = tableSchemaOf(gvk);
  return {
    apiVersion,
    kind: gvk.kind,
    subresource,
    zero: normal({}, gvk),
    complete: (object) => applyDefaults(normal(object, gvk), gvk),
    versions: {
      schemaOf: (version) => (version === apiVersion ? schema : undefined),
      convert: (object) => object,
      resetFields: () => undefined,
    },
  };
}
