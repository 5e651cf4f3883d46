import type { ConfigMap, Namespace } from '../../../api/types/core-v1.ts';
import { configMaps, namespaces } from '../../../client/resources.ts';
import type { Informer } from '../../../client/types.ts';
import { newQueue, queueController } from '../controller-context.ts';
import type { Controller, ControllerContext } from '../controller-context.ts';
import { ensureCreated } from '../ensure-object.ts';

const mapName = 'kube-root-ca.crt';
const descriptionAnnotation = 'kubernetes.io/description';
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or ' +
  'kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

/** The ConfigMap as it shall be; undefined where it stands so. */
export function wantedMap(namespace: string, rootCa: string, existing: ConfigMap | undefined): ConfigMap | undefined {
  const data = { 'ca.crt': rootCa };
  const isSame = existing?.data?.['ca.crt'] === rootCa && Object.keys(existing.data).length === 1;
  if (isSame && existing.metadata?.annotations?.[descriptionAnnotation]) return undefined;
  const annotations = { ...existing?.metadata?.annotations, [descriptionAnnotation]: description };
  return { ...existing, metadata: { name: mapName, namespace, ...existing?.metadata, annotations }, data };
}

/** Publishes the cluster's CA in each namespace, for pods to trust the API server. */
export function rootCaController(context: ControllerContext): Controller {
  const { rootCa } = context.settings;
  const queue = newQueue(context, 'root-ca-certificate-publisher', 2);
  if (rootCa === undefined) return queueController(queue, async () => {});
  const spaces: Informer<Namespace> = context.informers.informer(namespaces);
  const maps: Informer<ConfigMap> = context.informers.informer(configMaps, {
    fieldSelector: `metadata.name=${mapName}`,
  });
  const enqueue = (namespace: Namespace): void => queue.add(namespace.metadata?.name ?? '');
  const enqueueOf = (map: ConfigMap): void => {
    if (map.metadata?.name === mapName) queue.add(map.metadata.namespace ?? '');
  };
  spaces.addHandlers({ added: enqueue, updated: (_, namespace) => enqueue(namespace) });
  maps.addHandlers({ updated: (_, map) => enqueueOf(map), deleted: enqueueOf });
  return queueController(queue, async (name) => {
    const namespace = spaces.lister.get(name);
    if (!namespace || namespace.metadata?.deletionTimestamp) return;
    const existing = maps.lister.get(mapName, name);
    const wanted = wantedMap(name, rootCa, existing);
    if (!wanted) return;
    const resource = context.client.resource(configMaps);
    if (existing) await resource.update(wanted);
    else await ensureCreated(resource, wanted, name);
  });
}
