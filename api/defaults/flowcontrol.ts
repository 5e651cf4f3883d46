import type {
  ExemptPriorityLevelConfiguration,
  FlowSchema,
  LimitedPriorityLevelConfiguration,
  QueuingConfiguration,
} from '../types/flowcontrol-v1.ts';
import { specOf, type DefaulterEntry } from './defaults.ts';

function flowSchemaDefaults(schema: FlowSchema): void {
  specOf(schema).matchingPrecedence ||= 1000;
}

function exemptDefaults(level: ExemptPriorityLevelConfiguration): void {
  level.nominalConcurrencyShares ??= 0;
  level.lendablePercent ??= 0;
}

function limitedDefaults(level: LimitedPriorityLevelConfiguration): void {
  level.nominalConcurrencyShares ??= 30;
  level.lendablePercent ??= 0;
}

function queuingDefaults(queuing: QueuingConfiguration): void {
  queuing.handSize ||= 8;
  queuing.queues ||= 64;
  queuing.queueLengthLimit ||= 50;
}

const flowcontrol = 'io.k8s.api.flowcontrol.v1.';

export const flowcontrolDefaulters: readonly DefaulterEntry[] = [
  [`${flowcontrol}FlowSchema`, flowSchemaDefaults],
  [`${flowcontrol}ExemptPriorityLevelConfiguration`, exemptDefaults],
  [`${flowcontrol}LimitedPriorityLevelConfiguration`, limitedDefaults],
  [`${flowcontrol}QueuingConfiguration`, queuingDefaults],
];
