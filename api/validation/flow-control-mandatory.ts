/** The flow schemas and priority levels that a server cannot do without: their specs are fixed. */
import type { FlowSchemaSpec, PriorityLevelConfigurationSpec, Subject } from '../types/flowcontrol-v1.ts';

const schema = (level: string, matchingPrecedence: number, groups: readonly string[]): FlowSchemaSpec => ({
  matchingPrecedence,
  priorityLevelConfiguration: { name: level },
  ...(level === 'exempt' ? {} : { distinguisherMethod: { type: 'ByUser' } }),
  rules: [
    {
      subjects: groups.map((name): Subject => ({ kind: 'Group', group: { name } })),
      resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }],
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    },
  ],
});

export const mandatoryFlowSchemas: ReadonlyMap<string, FlowSchemaSpec> = new Map([
  ['exempt', schema('exempt', 1, ['system:masters'])],
  ['catch-all', schema('catch-all', 10_000, ['system:unauthenticated', 'system:authenticated'])],
]);

export const mandatoryPriorityLevels: ReadonlyMap<string, PriorityLevelConfigurationSpec> = new Map([
  ['exempt', { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } }],
  [
    'catch-all',
    {
      type: 'Limited',
      limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Reject' }, lendablePercent: 0 },
    },
  ],
]);
