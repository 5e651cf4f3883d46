import type { NodeSpec, NodeStatus } from '../types/core-v1.ts';

export function nodeStatusDefaults(status: NodeStatus): void {
  if (status.allocatable === undefined && status.capacity !== undefined) status.allocatable = { ...status.capacity };
}

/** `podCIDR` is the first of `podCIDRs`; where they differ, the older field counts. */
export function nodeSpecDefaults(spec: NodeSpec): void {
  if (spec.podCIDR && spec.podCIDRs?.[0] !== spec.podCIDR) spec.podCIDRs = [spec.podCIDR];
  if (spec.podCIDRs?.[0]) spec.podCIDR = spec.podCIDRs[0];
}
