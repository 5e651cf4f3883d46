import { randomUUID } from 'node:crypto';
import { rfc3339, systemClock } from '../../base/clock.ts';
import type { Storage } from '../endpoints/resource-request.ts';
import type { KubeObject, PostStartHook } from '../pipeline.ts';

/** The default range of services' addresses, as an object; ready from the start, since this server gives out of it. */
export function defaultServiceCidr(cidr: string, now: string): KubeObject {
  return {
    kind: 'ServiceCIDR',
    apiVersion: 'networking.k8s.io/v1',
    metadata: { name: 'kubernetes', uid: randomUUID(), creationTimestamp: now, generation: 1 },
    spec: { cidrs: [cidr] },
    status: {
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          lastTransitionTime: now,
          reason: '',
          message: 'Kubernetes default Service CIDR is ready',
        },
      ],
    },
  };
}

/** Makes it where there is none. What is there stays: another range is the business of who configures the servers. */
export const serviceCidrHook = ({ prefix, store }: Storage, cidr: string): PostStartHook => ({
  name: 'start-kubernetes-service-cidr-controller',
  async run(_objects, signal) {
    signal.throwIfAborted();
    await store.update(`${prefix}kubernetes`, (current) => ({
      object: current?.object ?? defaultServiceCidr(cidr, rfc3339(systemClock.nowMs())),
    }));
  },
});
