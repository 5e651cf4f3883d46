import { ApiConnection } from './api-connection.ts';
import { token } from './api-processes.ts';
import type { ApiProcesses } from './api-processes.ts';
import { measureWatchers } from './api-watchers.ts';
import type { Watching } from './api-watchers.ts';
import { utf8 } from './calls.ts';
import { loadRequest } from './h2load.ts';
import type { Load, LoadRequest } from './h2load.ts';
import type { Figures } from './workloads.ts';

/** objects are listed in one namespace, and made in another, so that lists stay as they are */
const namespaces = ['full', 'made', 'watched'];
const pathOf = (namespace: string): string => `/api/v1/namespaces/${namespace}/configmaps`;
const headers = [`authorization: Bearer ${token}`, 'accept: application/json'];
const smallConfigMap = utf8(
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { generateName: 'small-', labels: { app: 'bench' } },
    data: { a: 'one', b: 'two', c: 'three' },
  }),
);
const warmUpShare = 0.25;
const fillLoad = { connections: 4, streamsPerConnection: 16 };

export interface ApiWorkload {
  readonly name: string;
  /** `share`: of the usual number of operations */
  run(group: ApiProcesses, share: number): Promise<Figures>;
}

const creating = (url: string, namespace: string): LoadRequest => ({
  url: url + pathOf(namespace),
  headers: [...headers, 'content-type: application/json'],
  body: smallConfigMap,
  status: 201,
});
const reading = (url: string, path: string): LoadRequest => ({ url: url + path, headers, status: 200 });

function byH2load(name: string, request: (url: string) => LoadRequest, usual: Load): ApiWorkload {
  return {
    name,
    async run(group, share): Promise<Figures> {
      const atLeast = usual.connections * usual.streamsPerConnection;
      const calls = Math.max(atLeast, Math.ceil(usual.calls * share));
      await loadRequest(request(group.url), { ...usual, calls: Math.max(atLeast, Math.ceil(calls * warmUpShare)) });
      const before = group.cpuSeconds();
      const { perSecond } = await loadRequest(request(group.url), { ...usual, calls });
      return { 'calls/s': perSecond, 'CPU ms a call': ((group.cpuSeconds() - before) / calls) * 1000 };
    },
  };
}

function watching(name: string, usual: Watching): ApiWorkload {
  return {
    name,
    async run(group, share) {
      const watchers = Math.max(10, Math.ceil(usual.watchers * Math.min(1, share)));
      const before = group.cpuSeconds();
      const figures = await measureWatchers(group.url, pathOf('watched'), { ...usual, watchers });
      const changes = usual.changesPerSecond * usual.seconds;
      return { ...figures, 'CPU ms a change': ((group.cpuSeconds() - before) / changes) * 1000 };
    },
  };
}

const seconds = 4;
const load = (calls: number, connections: number, streamsPerConnection: number): Load => ({
  calls,
  connections,
  streamsPerConnection,
});

export const apiWorkloads: readonly ApiWorkload[] = [
  byH2load('API: creates of a small ConfigMap', (url) => creating(url, 'made'), load(3000, 4, 16)),
  byH2load('API: single gets', (url) => reading(url, `${pathOf('full')}/one`), load(8000, 4, 16)),
  byH2load('API: lists of 500', (url) => reading(url, `${pathOf('full')}?limit=500`), load(480, 4, 4)),
  byH2load('API: full lists of 12,000', (url) => reading(url, `${pathOf('full')}?resourceVersion=0`), load(48, 4, 1)),
  watching('API: 1,000 watchers of one object each, 500 changes/s', {
    watchers: 1000,
    each: 'its own object',
    changesPerSecond: 500,
    seconds,
  }),
  watching('API: 1,000 watchers of all objects, 5 changes/s', {
    watchers: 1000,
    each: 'all objects',
    changesPerSecond: 5,
    seconds,
  }),
];

/** Namespaces, and so many small objects to list; `objects` includes the one that is got. */
export async function fill(group: ApiProcesses, objects: number): Promise<void> {
  const connection = new ApiConnection(group.url, token);
  try {
    const make = async (path: string, object: object): Promise<void> => {
      const { status, body } = await connection.request('POST', path, JSON.stringify(object));
      if (status !== 201) throw new Error(`${path}: ${status} ${body.toString()}`);
    };
    for (const name of namespaces) {
      await make('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    }
    const one = JSON.parse(Buffer.from(smallConfigMap).toString()) as { metadata: object };
    await make(pathOf('full'), { ...one, metadata: { ...one.metadata, name: 'one' } });
  } finally {
    connection.close();
  }
  await loadRequest(creating(group.url, 'full'), { ...fillLoad, calls: objects - 1 });
}
