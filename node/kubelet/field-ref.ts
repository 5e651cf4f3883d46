import { formatQuantity, parseQuantity } from '../../api/meta/quantity.ts';
import type { Container, Pod, ResourceFieldSelector } from '../../api/types/core-v1.ts';

export interface NodeFacts {
  readonly name: string;
  readonly ip: string;
  readonly allocatable: Readonly<Record<string, string>>;
}

const mapLines = (map: Record<string, string> | undefined): string =>
  Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');

/** A field of the downward API as text; throws for one it does not have. */
export function fieldValue(fieldPath: string, pod: Pod, node: NodeFacts, podIp: string): string {
  const { metadata, spec } = pod;
  const subscript = /^metadata\.(annotations|labels)\['(.+)'\]$/.exec(fieldPath);
  if (subscript) {
    const map = subscript[1] === 'labels' ? metadata?.labels : metadata?.annotations;
    return map?.[subscript[2] ?? ''] ?? '';
  }
  const values: Record<string, () => string> = {
    'metadata.name': () => metadata?.name ?? '',
    'metadata.namespace': () => metadata?.namespace ?? '',
    'metadata.uid': () => metadata?.uid ?? '',
    'metadata.labels': () => mapLines(metadata?.labels),
    'metadata.annotations': () => mapLines(metadata?.annotations),
    'spec.nodeName': () => node.name,
    'spec.serviceAccountName': () => spec?.serviceAccountName ?? 'default',
    'status.hostIP': () => node.ip,
    'status.hostIPs': () => node.ip,
    'status.podIP': () => podIp,
    'status.podIPs': () => podIp,
  };
  const read = Object.hasOwn(values, fieldPath) ? values[fieldPath] : undefined;
  if (read === undefined) throw new Error(`unsupported fieldPath: ${fieldPath}`);
  return read();
}

const divideUp = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;

/** A container's request or limit, in units of the divisor, rounded up. Without a limit it is what the node has. */
export function resourceValue(
  selector: ResourceFieldSelector,
  pod: Pod,
  self: Container | undefined,
  node: NodeFacts,
): string {
  const all = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  const container = selector.containerName ? all.find(({ name }) => name === selector.containerName) : self;
  const match = /^(requests|limits)\.(.+)$/.exec(selector.resource);
  if (!container || !match) throw new Error(`unsupported container resource: ${selector.resource}`);
  const [, kind, name = ''] = match;
  const resources = container.resources ?? {};
  const fallback = kind === 'limits' ? (node.allocatable[name] ?? '0') : (resources.limits?.[name] ?? '0');
  const amount = (kind === 'limits' ? resources.limits : resources.requests)?.[name] ?? fallback;
  const divisor = selector.divisor && selector.divisor !== '0' ? parseQuantity(selector.divisor).nano : 1_000_000_000n;
  const units = divideUp(parseQuantity(amount).nano, divisor);
  return formatQuantity({ nano: units * 1_000_000_000n, format: 'DecimalSI', text: String(units) });
}
