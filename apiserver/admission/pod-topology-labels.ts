import type { Binding, Pod } from '../../api/types/core-v1.ts';
import type { ObjectStore } from '../pipeline.ts';
import { isFor, type AdmissionPlugin } from './admission.ts';

const copied = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

/** A pod can tell by its own labels where it runs. */
export const podTopologyLabels = (store: ObjectStore): AdmissionPlugin => ({
  name: 'PodTopologyLabels',
  resources: ['pods'],
  async mutate(request) {
    const { operation, subresource, object } = request;
    if (operation !== 'CREATE' || object === undefined || !isFor(request, '', 'pods')) return;
    let node: string | undefined;
    if (subresource === '') node = (object as unknown as Pod).spec?.nodeName;
    if (subresource === 'binding') {
      const { target } = object as unknown as Binding;
      node = target.kind === 'Node' ? target.name : undefined;
    }
    if (!node) return;
    const labels = (await store.get('', 'nodes', '', node))?.metadata?.labels ?? {};
    const own = copied.filter((key) => labels[key] !== undefined).map((key) => [key, labels[key] as string]);
    if (own.length === 0) return;
    object.metadata = { ...object.metadata, labels: { ...object.metadata?.labels, ...Object.fromEntries(own) } };
  },
});
