import type { Node } from '../../../api/types/core-v1.ts';
import { age, nameOf, none, orNone, unknown } from '../cell-text.ts';
import { rows } from '../row-printer.ts';

const rolePrefix = 'node-role.kubernetes.io/';
const roleLabel = 'kubernetes.io/role';

function roles(node: Node): string {
  const found = new Set<string>();
  for (const [key, value] of Object.entries(node.metadata?.labels ?? {})) {
    if (key.startsWith(rolePrefix)) found.add(key.slice(rolePrefix.length));
    else if (key === roleLabel) found.add(value);
  }
  found.delete('');
  return orNone([...found].sort().join(','));
}

function status(node: Node): string {
  const ready = node.status?.conditions?.find((condition) => condition.type === 'Ready');
  const text = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return node.spec?.unschedulable ? `${text},SchedulingDisabled` : text;
}

const address = (node: Node, type: string): string =>
  node.status?.addresses?.find((entry) => entry.type === type)?.address || none;

export const nodeRows = rows<Node>((node, nowMs) => {
  const info = node.status?.nodeInfo;
  return [
    nameOf(node),
    status(node),
    roles(node),
    age(node, nowMs),
    info?.kubeletVersion ?? '',
    address(node, 'InternalIP'),
    address(node, 'ExternalIP'),
    info?.osImage || unknown,
    info?.kernelVersion || unknown,
    info?.containerRuntimeVersion || unknown,
  ];
});
