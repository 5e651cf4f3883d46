import type { Aggregator } from './aggregation/aggregator.ts';
import { newMethodNotAllowed } from '../api/meta/status.ts';
import type { ReviewEndpoint } from './auth/reviews.ts';
import { bind } from './endpoints/binding.ts';
import type { EndpointServices } from './endpoints/resource-request.ts';
import { review } from './endpoints/review.ts';
import { handlerFor } from './endpoints/verbs.ts';
import type { NonResourceRoute, RequestContext, Stage } from './pipeline.ts';
import type { ResourceEntry } from './registry/resource-entry.ts';
import type { ResourceCatalog } from './registry/catalog.ts';

export interface DispatchOptions {
  readonly stages: readonly Stage[];
  readonly routes: readonly NonResourceRoute[];
  readonly reviews: readonly ReviewEndpoint[];
  readonly services: EndpointServices;
  readonly catalog: ResourceCatalog;
  /** what another server answers */
  readonly aggregator?: Pick<Aggregator, 'remoteFor' | 'handle'>;
  /** false: this resource was switched off, and is answered as if it did not exist */
  readonly enables?: (group: string, version: string, resource: string) => boolean;
}

const collectionVerbs: ReadonlySet<string> = new Set(['list', 'watch', 'deletecollection']);
const readMethods: readonly string[] = ['GET', 'HEAD'];

/** Routes by their paths, the longest match first. */
class RouteTable {
  readonly #exact = new Map<string, NonResourceRoute>();
  readonly #prefixes: readonly NonResourceRoute[];

  constructor(routes: readonly NonResourceRoute[]) {
    for (const route of routes) if (route.match === 'exact') this.#exact.set(route.path, route);
    const prefixes = routes.filter((route) => route.match === 'prefix');
    this.#prefixes = prefixes.sort((a, b) => b.path.length - a.path.length);
  }

  find(path: string): NonResourceRoute | undefined {
    return this.#exact.get(path) ?? this.#prefixes.find((route) => path.startsWith(route.path));
  }

  get paths(): string[] {
    return [...this.#exact.keys()].sort();
  }
}

const notFound = (ctx: RequestContext): void =>
  ctx.reply.send(404, 'text/plain; charset=utf-8', '404 page not found\n');

/** Leads a request through the stages to whatever answers it. */
export function dispatcher(options: DispatchOptions): (ctx: RequestContext) => Promise<void> {
  const routes = new RouteTable(options.routes);
  const answer = async (ctx: RequestContext): Promise<void> => {
    const remote = options.aggregator?.remoteFor(ctx);
    if (remote !== undefined) {
      await options.aggregator?.handle(ctx, remote);
      return;
    }
    if (ctx.info.isResourceRequest && (await answerResource(options, ctx))) return;
    await answerRoute(routes, ctx);
  };
  return (ctx) => {
    const run = (index: number): Promise<void> => {
      const stage = options.stages[index];
      return stage === undefined ? answer(ctx) : stage(ctx, () => run(index + 1));
    };
    return run(0);
  };
}

async function answerRoute(routes: RouteTable, ctx: RequestContext): Promise<void> {
  const { path } = ctx.info;
  const route = routes.find(path);
  if (route === undefined) {
    if (path === '/') ctx.reply.json(200, { paths: routes.paths });
    else notFound(ctx);
    return;
  }
  if (!(route.methods ?? readMethods).includes(ctx.method)) throw newMethodNotAllowed();
  await route.handle(ctx);
}

/** False: there is no such resource. */
async function answerResource(options: DispatchOptions, ctx: RequestContext): Promise<boolean> {
  const { group, version, resource, subresource, namespace, verb } = ctx.info;
  const { services, catalog } = options;
  if (options.enables?.(group, version, resource) === false) return false;
  const entry = await findEntry(catalog, group, version, resource);
  if (entry === undefined) return answerUnstored(options, ctx);
  const { namespaced } = entry.info;
  for (const warning of entry.custom?.warnings ?? []) ctx.reply.warn(warning);
  // `/api/v1/namespaces/x/nodes` is no path; neither is `/api/v1/pods/x`.
  if (!namespaced && namespace !== '' && resource !== 'namespaces') return false;
  if (namespaced && namespace === '' && verb !== 'list' && verb !== 'watch') {
    if (entry.custom !== undefined) return false;
    if (ctx.info.path.split('/').filter(Boolean).length > (group === '' ? 3 : 4)) return false;
    throw newMethodNotAllowed();
  }
  // Only a create is of the collection, and it alone; lists and the like have verbs of their own.
  if (subresource === '' && (verb === 'create') !== (ctx.info.name === '') && !collectionVerbs.has(verb)) {
    throw newMethodNotAllowed();
  }
  const handler = handlerFor(entry, verb, subresource, ctx.info.name);
  await handler({ ctx, entry, services, storage: services.storageOf(entry) });
  return true;
}

/** Names of custom groups have a dot: what is not known of those may be so new that only another server has told of it. */
async function findEntry(
  catalog: ResourceCatalog,
  group: string,
  version: string,
  resource: string,
): Promise<ResourceEntry | undefined> {
  const known = catalog.entryFor(group, version, resource);
  if (known !== undefined || !group.includes('.') || catalog.servedInfo(group, version, resource)) return known;
  await catalog.catchUp();
  return catalog.entryFor(group, version, resource);
}

async function answerUnstored({ reviews, services, catalog }: DispatchOptions, ctx: RequestContext): Promise<boolean> {
  const { group, version, resource, verb } = ctx.info;
  const info = catalog.servedInfo(group, version, resource);
  if (info === undefined) return false;
  if (verb !== 'create') throw newMethodNotAllowed();
  const endpoint = reviews.find((candidate) => candidate.group === group && candidate.resource === resource);
  if (endpoint !== undefined) {
    await review(ctx, info, endpoint);
    return true;
  }
  const pods = catalog.entryFor('', 'v1', 'pods');
  if (resource !== 'bindings' || pods === undefined) return false;
  await bind({ ctx, entry: pods, services, storage: services.storageOf(pods) });
  return true;
}
