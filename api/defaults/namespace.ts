import type { Namespace, NamespaceStatus } from '../types/core-v1.ts';

/** Every namespace can be selected by its name. Its finalizer is set when it is created, not on every read. */
export function namespaceDefaults(namespace: Namespace): void {
  const meta = namespace.metadata;
  if (!meta?.name) return;
  meta.labels = { ...meta.labels, 'kubernetes.io/metadata.name': meta.name };
}

export function namespaceStatusDefaults(status: NamespaceStatus): void {
  status.phase ||= 'Active';
}
