import { systemClock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { APIService } from '../../api/types/apiregistration-v1.ts';
import type { ResourceInfo } from '../pipeline.ts';
import type { InternalObjectStore } from '../object-store.ts';
import { apiservices } from '../registry/apiregistration/apiservices.ts';
import { services } from '../registry/core/services.ts';
import { endpointslices } from '../registry/discovery/endpointslices.ts';
import type { Storages } from '../storages.ts';
import { Aggregator } from './aggregator.ts';
import type { ProxyIdentity } from './remote-connections.ts';

export interface AggregationParts {
  readonly storages: Storages;
  readonly objects: InternalObjectStore;
  readonly local: () => readonly ResourceInfo[];
  readonly identity: ProxyIdentity | undefined;
  readonly log: Log;
}

export function createAggregator({ storages, objects, local, identity, log }: AggregationParts): Aggregator {
  const { prefix, store } = storages.of(apiservices);
  const [ofServices, ofSlices] = [storages.of(services).store.cache, storages.of(endpointslices).store.cache];
  return new Aggregator({
    services: {
      get changes() {
        return store.cache.changes;
      },
      all: () => [...store.cache.range(prefix)].map(({ object }) => object as unknown as APIService),
    },
    endpointChanges: () => ofServices.changes + ofSlices.changes,
    store: objects,
    remove: async (name) => {
      const gone = new Error(`${name} is gone already`);
      const removed = store.update(`${prefix}${name}`, (current) => {
        if (current === undefined) throw gone;
        return { object: 'delete' };
      });
      await removed.catch((error: unknown) => {
        if (error !== gone) throw error;
      });
    },
    identity,
    local,
    clock: systemClock,
    log,
  });
}
