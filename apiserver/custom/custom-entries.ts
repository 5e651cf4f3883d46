/** What a CustomResourceDefinition makes a server serve: an entry a version. */
import { createHash } from 'node:crypto';
import { CustomKind } from '../../api/crd/custom-kind.ts';
import { isTrue } from '../../api/crd/definition-status.ts';
import type { ResourceColumn } from '../../api/schema/resources.ts';
import { ruleRunnerOf } from '../../api/crd/rule-tree.ts';
import type { SchemaProps } from '../../api/crd/schema-props.ts';
import { typedCustomSchema } from '../../api/crd/typed-custom.ts';
import { compareVersions } from '../../api/crd/version-order.ts';
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionVersion,
} from '../../api/types/apiextensions-v1.ts';
import type { KubeObject, ResourceInfo } from '../pipeline.ts';
import type { CustomEntries } from '../registry/catalog.ts';
import type { ResourceEntry } from '../registry/resource-entry.ts';
import { StoredForm, type VersionConverter } from './stored-form.ts';
import { customTypeName } from './custom-openapi.ts';
import { scaleAccessOf } from './custom-scale.ts';

const allVerbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
/** of a definition that is going */
const lastVerbs = ['delete', 'deletecollection', 'get', 'list', 'watch'];
const subresourceVerbs = ['get', 'patch', 'update'];

const ageColumn: CustomResourceColumnDefinition = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
};

const schemaOf = (version: CustomResourceDefinitionVersion): SchemaProps | undefined =>
  version.schema?.openAPIV3Schema as SchemaProps | undefined;

function infoOf(
  definition: CustomResourceDefinition,
  names: CustomResourceDefinitionNames,
  version: CustomResourceDefinitionVersion,
): ResourceInfo {
  const { group, scope } = definition.spec;
  const { status, scale } = version.subresources ?? {};
  return {
    group,
    version: version.name,
    resource: names.plural,
    kind: names.kind,
    singular: names.singular ?? '',
    namespaced: scope === 'Namespaced',
    verbs: allVerbs,
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    subresources: [
      ...(status === undefined
        ? []
        : [{ name: 'status', group: '', version: '', kind: names.kind, verbs: subresourceVerbs }]),
      ...(scale === undefined
        ? []
        : [{ name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: subresourceVerbs }]),
    ],
    columns: [nameColumn, ...columnsOf(version).map(resourceColumn)],
    typeName: customTypeName(group, version.name, names.kind),
    custom: { schema: schemaOf(version), listKind: names.listKind ?? `${names.kind}List` },
  };
}

const nameColumn: ResourceColumn = { name: 'Name', type: 'string', format: 'name', priority: 0 };

const resourceColumn = (column: CustomResourceColumnDefinition): ResourceColumn => ({
  name: column.name,
  type: column.type,
  format: column.format ?? '',
  priority: column.priority ?? 0,
  jsonPath: column.jsonPath,
  ...(column === ageColumn
    ? {}
    : {
        description: column.description || `Custom resource definition column (in JSONPath format): ${column.jsonPath}`,
      }),
});

const columnsOf = (version: CustomResourceDefinitionVersion): readonly CustomResourceColumnDefinition[] =>
  version.additionalPrinterColumns?.length ? version.additionalPrinterColumns : [ageColumn];

function warningsOf({ spec }: CustomResourceDefinition, version: CustomResourceDefinitionVersion): string[] {
  if (!version.deprecated) return [];
  if (version.deprecationWarning !== undefined) return [version.deprecationWarning];
  const { group, names, versions } = spec;
  const [best] = versions
    .filter(({ served, deprecated, name }) => served && !deprecated && compareVersions(name, version.name) < 0)
    .map(({ name }) => name)
    .sort(compareVersions);
  const text = `${group}/${version.name} ${names.kind} is deprecated`;
  return [best === undefined ? text : `${text}; use ${group}/${best} ${names.kind}`];
}

const identityOf = ({ metadata, spec, status }: CustomResourceDefinition): string =>
  createHash('sha256')
    .update(JSON.stringify([metadata?.uid, spec, status?.acceptedNames]))
    .digest('base64');

/** Entries are costly to make: schemas are looked through, rules compiled. The same definition gives the same ones. */
export function customEntries(definition: CustomResourceDefinition, converter: VersionConverter): CustomEntries {
  const names = definition.status?.acceptedNames;
  if (names === undefined || (!isTrue(definition, 'NamesAccepted') && !isTrue(definition, 'Established'))) {
    return { entries: [], discovered: [] };
  }
  const { group, scope, versions, preserveUnknownFields } = definition.spec;
  const kinds = new Map(
    versions.map((version) => {
      const kind = new CustomKind({
        gvk: { group, version: version.name, kind: names.kind },
        namespaced: scope === 'Namespaced',
        schema: schemaOf(version),
        hasStatus: version.subresources?.status !== undefined,
        ...(preserveUnknownFields && { preserveUnknownFields }),
        rules: ruleRunnerOf(schemaOf(version)),
        ...(version.subresources?.scale && { scale: version.subresources.scale }),
      });
      return [version.name, kind] as const;
    }),
  );
  const storage = versions.find((version) => version.storage)?.name ?? '';
  const identity = identityOf(definition);
  const served = versions.filter((version) => version.served || version.storage);
  const siblings = (): readonly ResourceEntry[] => entries;
  const entries: readonly ResourceEntry[] = served.map((version): ResourceEntry => {
    const codec = new StoredForm({ group, version: version.name, storage, kinds, converter });
    return entryOf(definition, names, version, {
      identity,
      codec,
      siblings,
      kind: kinds.get(version.name) as CustomKind,
    });
  });
  const inOrder = entries.filter((_, i) => served[i]?.served);
  inOrder.sort((a, b) => compareVersions(a.info.version, b.info.version));
  if (!isTrue(definition, 'Established')) return { entries: inOrder, discovered: [] };
  const verbs = isTrue(definition, 'Terminating') ? lastVerbs : allVerbs;
  return { entries: inOrder, discovered: inOrder.map(({ info }) => ({ ...info, verbs })) };
}

function entryOf(
  definition: CustomResourceDefinition,
  names: CustomResourceDefinitionNames,
  version: CustomResourceDefinitionVersion,
  {
    identity,
    codec,
    siblings,
    kind,
  }: { identity: string; codec: StoredForm; siblings: () => readonly ResourceEntry[]; kind: CustomKind },
): ResourceEntry {
  const { subresources } = version;
  const info = infoOf(definition, names, version);
  const namespaced = info.namespaced ? ['metadata.namespace'] : [];
  const chosen = (version.selectableFields ?? []).map(({ jsonPath }) => jsonPath.replace(/^\./, ''));
  return {
    info,
    storage: `${info.group}/${info.resource}`,
    generationOf: 'all',
    hasStatus: subresources?.status !== undefined,
    unconditionalUpdate: false,
    createOnUpdate: false,
    returnsDeleted: false,
    prepareForCreate(object) {
      if (subresources?.status !== undefined) delete object['status'];
    },
    prepareForStatusUpdate(object: KubeObject, old: KubeObject) {
      object.metadata = { ...old.metadata };
    },
    ...(subresources?.scale && { scale: scaleAccessOf(subresources.scale) }),
    typed: typedCustomSchema(schemaOf(version)),
    siblings,
    custom: {
      kind,
      listKind: names.listKind ?? `${names.kind}List`,
      isStorage: version.storage,
      codec,
      selectable: ['metadata.name', ...namespaced, ...chosen],
      warnings: warningsOf(definition, version),
      isTerminating: definition.metadata?.deletionTimestamp !== undefined || isTrue(definition, 'Terminating'),
      identity,
    },
  };
}
