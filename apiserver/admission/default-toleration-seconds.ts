import type { Pod, Toleration } from '../../api/types/core-v1.ts';
import type { AdmissionPlugin } from './admission.ts';

const secondsDefault = 300;
const taints = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

const tolerates = (toleration: Toleration, key: string): boolean =>
  (toleration.key === key || !toleration.key) && (toleration.effect === 'NoExecute' || !toleration.effect);

/** A pod stays on a node that fails for five minutes, unless it says how long. */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  resources: ['pods'],
  mutate(request) {
    const { entry, operation, subresource } = request;
    // a change may leave the tolerations out again: an apply does that each time
    if (entry.info.group !== '' || entry.info.resource !== 'pods' || subresource !== '' || operation === 'DELETE')
      return;
    const { spec } = request.object as unknown as Pod;
    if (spec === undefined) return;
    const own = spec.tolerations ?? [];
    const missing = taints.filter((key) => !own.some((toleration) => tolerates(toleration, key)));
    const added = missing.map((key): Toleration => ({
      key,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: secondsDefault,
    }));
    if (added.length > 0) spec.tolerations = [...own, ...added];
  },
};
