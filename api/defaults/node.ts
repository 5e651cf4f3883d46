import type { NodeStatus } from '../types/core-v1.ts';

export function nodeStatusDefaults(status: NodeStatus): void {
  if (status.allocatable === undefined && status.capacity !== undefined) status.allocatable = { ...status.capacity };
}
