import type { CustomResourceDefinition } from '../types/apiextensions-v1.ts';

export function customResourceDefinitionDefaults(definition: Partial<CustomResourceDefinition>): void {
  const { spec } = definition;
  if (spec === undefined) return;
  const names = (spec.names ??= { kind: '', plural: '' });
  if (!names.singular) names.singular = names.kind.toLowerCase();
  if (!names.listKind && names.kind) names.listKind = `${names.kind}List`;
  spec.conversion ??= { strategy: 'None' };
  const service = spec.conversion.webhook?.clientConfig?.service;
  if (service !== undefined) service.port ??= 443;
  const stored = spec.versions?.find((version) => version.storage)?.name;
  if (stored !== undefined && !definition.status?.storedVersions?.length) {
    definition.status = { ...definition.status, storedVersions: [stored] };
  }
}
