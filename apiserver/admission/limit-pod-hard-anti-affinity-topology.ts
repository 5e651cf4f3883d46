import type { Pod } from '../../api/types/core-v1.ts';
import { isFor, refusal, type AdmissionPlugin } from './admission.ts';

const hostname = 'kubernetes.io/hostname';

/** By a wide anti-affinity one pod could keep all others from a whole zone. */
export const limitPodHardAntiAffinityTopology: AdmissionPlugin = {
  name: 'LimitPodHardAntiAffinityTopology',
  resources: ['pods'],
  validate(request) {
    if (request.operation === 'DELETE' || request.subresource !== '' || !isFor(request, '', 'pods')) return;
    const { spec } = request.object as unknown as Pod;
    const terms = spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const wide = terms.find(({ topologyKey }) => topologyKey !== hostname);
    if (wide === undefined) return;
    const what = 'affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey';
    throw refusal(request, `${what} ${wide.topologyKey} but only key ${hostname} is allowed`);
  },
};
