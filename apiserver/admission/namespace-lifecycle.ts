import { newForbidden, newNotFound } from '../../api/meta/status.ts';
import type { Namespace } from '../../api/types/core-v1.ts';
import { groupResourceOf } from '../endpoints/resource-request.ts';
import type { ObjectStore } from '../pipeline.ts';
import type { AdmissionPlugin } from './admission.ts';

const immortal: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);

/** Nothing is created in a namespace that is missing or going; the namespaces everything needs stay. */
export const namespaceLifecycle = (store: ObjectStore): AdmissionPlugin => ({
  name: 'NamespaceLifecycle',
  async mutate({ operation, entry, namespace, name }) {
    if (operation !== 'CREATE' || !entry.info.namespaced) return;
    const found = (await store.get('', 'namespaces', '', namespace)) as Namespace | undefined;
    if (found === undefined) throw newNotFound({ group: '', resource: 'namespaces' }, namespace);
    if (found.metadata?.deletionTimestamp === undefined && found.status?.phase !== 'Terminating') return;
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
    const refusal = newForbidden(groupResourceOf(entry), name, why);
    const message = `namespace ${namespace} is being terminated`;
    const causes = [{ reason: 'NamespaceTerminating', message, field: 'metadata.namespace' }];
    refusal.status.details = { ...refusal.status.details, causes };
    throw refusal;
  },
  validate({ operation, entry, name }) {
    if (operation !== 'DELETE' || entry.info.resource !== 'namespaces' || !immortal.has(name)) return;
    throw newForbidden(groupResourceOf(entry), name, 'this namespace may not be deleted');
  },
});
