import type { Node } from '../../api/types/core-v1.ts';
import { isFor, type AdmissionPlugin } from './admission.ts';

const taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' } as const;

/** Nothing is scheduled to a new node before it has said that it is ready. */
export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  resources: ['nodes'],
  mutate(request) {
    if (request.operation !== 'CREATE' || request.subresource !== '' || !isFor(request, '', 'nodes')) return;
    const node = request.object as unknown as Node;
    const own = node.spec?.taints ?? [];
    if (own.some(({ key, effect }) => key === taint.key && effect === taint.effect)) return;
    node.spec = { ...node.spec, taints: [...own, { ...taint }] };
  },
};
