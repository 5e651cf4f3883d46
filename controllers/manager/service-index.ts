import { matcherOfSet } from '../../api/meta/labels.ts';
import type { Pod, Service } from '../../api/types/core-v1.ts';
import { keyOf } from '../../client/types.ts';
import type { Informer } from '../../client/types.ts';
import { hasManagedEndpoints } from './service-ports.ts';

const selects = (service: Service, pod: Pod): boolean =>
  matcherOfSet(service.spec?.selector ?? {}).matches(pod.metadata?.labels);

/** The services that a pod is or was behind. */
export function enqueueServicesOf(
  services: Informer<Service>,
  pods: Informer<Pod>,
  enqueue: (key: string) => void,
): void {
  const enqueueOf = (...versions: Pod[]): void => {
    for (const service of services.lister.list(versions[0]?.metadata?.namespace)) {
      if (hasManagedEndpoints(service) && versions.some((pod) => selects(service, pod))) enqueue(keyOf(service));
    }
  };
  pods.addHandlers({ added: enqueueOf, updated: enqueueOf, deleted: enqueueOf });
  const changed = (service: Service): void => enqueue(keyOf(service));
  services.addHandlers({ added: changed, updated: (_, service) => changed(service), deleted: changed });
}

export const podsOf = (service: Service, pods: Informer<Pod>): Pod[] =>
  pods.lister.list(service.metadata?.namespace).filter((pod) => selects(service, pod));
