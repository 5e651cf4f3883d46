/** Puts together what decides whose request is served when too many come at a time. */
import { systemClock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { FlowSchema, PriorityLevelConfiguration } from '../../api/types/flowcontrol-v1.ts';
import type { NonResourceRoute, ObjectStore, RequestInfo, Stage } from '../pipeline.ts';
import { flowschemas } from '../registry/flowcontrol/flowschemas.ts';
import { prioritylevelconfigurations } from '../registry/flowcontrol/prioritylevelconfigurations.ts';
import { entryFor } from '../registry/registry.ts';
import type { ResourceEntry } from '../registry/resource-entry.ts';
import type { Storages } from '../storages.ts';
import { FlowController, type LiveObjects } from './flow-controller.ts';
import { flowRoutes } from './flow-routes.ts';
import { flowStage, inFlightStage } from './flow-stage.ts';
import { maintainFlowConfiguration } from './maintain-configuration.ts';

export interface Limits {
  readonly readsMax: number;
  readonly changesMax: number;
  readonly fairness: boolean;
}

/** as kube-apiserver */
const limitsDefault: Limits = { readsMax: 400, changesMax: 200, fairness: true };

export interface Fairness {
  readonly stage: Stage;
  readonly routes: readonly NonResourceRoute[];
  readonly controller: FlowController | undefined;
  /** keeps the default configuration as it is meant to be, until stopped */
  start(objects: ObjectStore): void;
  stop(): void;
}

function live<T>(storages: Storages, entry: ResourceEntry): LiveObjects<T> {
  const { prefix, store } = storages.of(entry);
  return {
    get changes() {
      return store.cache.changes;
    },
    all: () => [...store.cache.range(prefix)].map(({ object }) => object as unknown as T),
  };
}

export function createFairness(limits: Limits = limitsDefault, storages: Storages, log: Log): Fairness {
  const { readsMax, changesMax, fairness } = limits;
  if (!fairness) {
    return {
      stage: inFlightStage(readsMax, changesMax),
      routes: [],
      controller: undefined,
      start: () => {},
      stop: () => {},
    };
  }
  const objectsOf = ({ group, version, resource }: RequestInfo): number => {
    const entry = entryFor(group, version, resource);
    return entry === undefined ? 1 : storages.of(entry).store.cache.size;
  };
  const controller = new FlowController({
    schemas: live<FlowSchema>(storages, flowschemas),
    levels: live<PriorityLevelConfiguration>(storages, prioritylevelconfigurations),
    seats: readsMax + changesMax,
    clock: systemClock,
    objectsOf,
  });
  const ended = new AbortController();
  return {
    stage: flowStage(controller),
    routes: flowRoutes(controller),
    controller,
    start(objects) {
      controller.start();
      void maintainFlowConfiguration(objects, systemClock, log, ended.signal);
    },
    stop() {
      ended.abort(new Error('the server stops'));
      controller.stop();
    },
  };
}
