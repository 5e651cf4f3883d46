import type { Taint } from '../../../api/types/core-v1.ts';
import { define, objectField } from '../resource-entry.ts';

const notReady: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

export const nodes = define('', 'v1', 'nodes', {
  storage: 'minions',
  /** Nothing is to be scheduled before the node has said that it is ready (admission plugin TaintNodesByCondition). */
  prepareForCreate(object) {
    const spec = objectField(object, 'spec');
    const taints = (spec['taints'] as Taint[] | undefined) ?? [];
    const has = taints.some(({ key, effect }) => key === notReady.key && effect === notReady.effect);
    if (!has) spec['taints'] = [...taints, notReady];
  },
});
