import { newNotFound } from '../../api/meta/status.ts';
import type { ObjectStore } from '../pipeline.ts';
import type { AdmissionPlugin } from './admission.ts';

const resource = { group: '', resource: 'namespaces' };

/** Nothing is written in a namespace that is not there; NamespaceLifecycle sees to it, too. */
export const namespaceExists = (store: ObjectStore): AdmissionPlugin => ({
  name: 'NamespaceExists',
  async validate({ namespace, entry }) {
    if (namespace === '' || entry.info.resource === 'namespaces') return;
    if ((await store.get('', 'namespaces', '', namespace)) === undefined) throw newNotFound(resource, namespace);
  },
});

/** A namespace comes to be with the first object in it. */
export const namespaceAutoProvision = (store: ObjectStore): AdmissionPlugin => ({
  name: 'NamespaceAutoProvision',
  async mutate({ operation, namespace, entry, dryRun }) {
    if (operation !== 'CREATE' || dryRun || namespace === '' || entry.info.resource === 'namespaces') return;
    if ((await store.get('', 'namespaces', '', namespace)) !== undefined) return;
    const made = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
    await store.ensure('', 'namespaces', made);
  },
});
