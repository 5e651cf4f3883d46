import { CachedNodePaths, type NodePaths } from './auth/node-paths.ts';
import { entries } from './registry/registry.ts';
import type { Storages } from './storages.ts';

/** What the Node authorizer goes by: pods, volumes, attachments and slices as this server has them. */
export const cachedNodePaths = (storages: Storages): NodePaths =>
  new CachedNodePaths((resource) => {
    const entry = entries.find(({ info, conversion }) => info.resource === resource && conversion === undefined);
    if (entry === undefined) return undefined;
    const { store, reader } = storages.of(entry);
    return { cache: store.cache, catchUp: () => reader.catchUp() };
  });
