import type { PostStartHook } from '../pipeline.ts';

const names = ['kube-system', 'kube-public', 'kube-node-lease', 'default'];

/** The namespaces that everything else relies on. */
export const namespacesHook: PostStartHook = {
  name: 'start-system-namespaces-controller',
  async run(store, signal) {
    for (const name of names) {
      signal.throwIfAborted();
      await store.ensure('', 'namespaces', { kind: 'Namespace', apiVersion: 'v1', metadata: { name } });
    }
  },
};
