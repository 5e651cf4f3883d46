import type { NodeSelectorTerm } from '../types/core-v1.ts';
import { isLabelValue } from '../meta/names.ts';

const deprecated: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'app.kubernetes.io/created-by': 'deprecated since v1.9',
  'scheduler.alpha.kubernetes.io/preferAvoidPods': 'deprecated since v1.22; use Taints and Tolerations instead',
  'node-role.kubernetes.io/master': 'use "node-role.kubernetes.io/control-plane" instead',
};

/** What to use instead of this label; undefined: it is fine. */
export const nodeLabelWarning = (label: string): string | undefined =>
  Object.hasOwn(deprecated, label) ? deprecated[label] : undefined;

/** `checkValues`: where validation does not, they may be such that no label has them */
export function nodeSelectorTermWarnings(term: NodeSelectorTerm, path: string, checkValues: boolean): string[] {
  return (term.matchExpressions ?? []).flatMap(({ key, values }, i) => {
    const at = `${path}.matchExpressions[${i}]`;
    const why = nodeLabelWarning(key);
    const wrong = (checkValues ? (values ?? []) : []).flatMap((value, j) =>
      isLabelValue(value).map((message) => `${at}.values[${j}]: ${value} is invalid, ${message}`),
    );
    return [...(why === undefined ? [] : [`${at}.key: ${key} is ${why}`]), ...wrong];
  });
}
