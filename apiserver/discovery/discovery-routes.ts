import { createHash } from 'node:crypto';
import { newMethodNotAllowed, newNotAcceptable } from '../../api/meta/status.ts';
import type { NonResourceRoute, RequestContext } from '../pipeline.ts';
import { parseAccept, takes } from './accept.ts';
import { type AggregatedVersion, groupDiscoveryList } from './aggregated.ts';
import { apiGroup, apiGroupList, apiResourceList, apiVersions, type Served } from './resource-lists.ts';

export interface DiscoveryOptions {
  /** what is served now; resources of one group version in the order to list them, preferred versions first */
  readonly served: () => Served;
  /** resolves when what is served is as new as the store */
  readonly catchUp?: () => Promise<void>;
  /** `host:port` that clients reach this server at */
  readonly serverAddress: string;
}

const aggregatedVersions: readonly AggregatedVersion[] = ['v2', 'v2beta1'];

/** All of them: which paths exist is decided here. */
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

type Format = 'plain' | AggregatedVersion;

/** The first range of the Accept header that we can answer in; undefined for none. Protobuf is passed over for JSON. */
export function negotiate(accept: string | undefined, hasAggregated: boolean): Format | undefined {
  for (const range of parseAccept(accept)) {
    if (!takes(range, 'application/json')) continue;
    const { as, g, v } = range.parameters;
    if (as === undefined) return 'plain';
    const version = aggregatedVersions.find((known) => known === v);
    if (hasAggregated && as === 'APIGroupDiscoveryList' && g === 'apidiscovery.k8s.io' && version) return version;
  }
  return undefined;
}

function sendCached(ctx: RequestContext, contentType: string, body: string): void {
  const etag = `"${createHash('sha256').update(body).digest('hex').toUpperCase()}"`;
  ctx.reply.header('etag', etag);
  const known = ctx.headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (known?.some((tag) => tag === etag || tag === '*')) ctx.reply.send(304, contentType, '');
  else ctx.reply.send(200, contentType, body);
}

/** An unknown group or version is no object's absence: Kubernetes answers it in plain text. */
const sendNotFound = (ctx: RequestContext): void =>
  ctx.reply.send(404, 'text/plain; charset=utf-8', '404 page not found\n');

/** The plain document of a path, e.g. of `/apis/apps/v1`. */
function plainDocument(options: DiscoveryOptions, path: string): object | undefined {
  const [root, group, version, ...rest] = path.split('/').filter((segment) => segment !== '');
  const served = options.served();
  if (rest.length > 0) return undefined;
  if (root === 'api') {
    if (group === undefined) return apiVersions(options.serverAddress);
    return version === undefined ? apiResourceList(served, '', group) : undefined;
  }
  if (group === undefined) return apiGroupList(served);
  return version === undefined ? apiGroup(served, group) : apiResourceList(served, group, version);
}

/** What is not a document here is nothing at all, whatever the method: a POST to an unknown version too. */
function refuseWrite(options: DiscoveryOptions, ctx: RequestContext, path: string): void {
  if (plainDocument(options, path) !== undefined) throw newMethodNotAllowed();
  sendNotFound(ctx);
}

async function answer(options: DiscoveryOptions, ctx: RequestContext): Promise<void> {
  const path = ctx.info.path.replace(/\/+$/, '');
  // Who was told of a new custom resource by another server finds it here too.
  if (path.startsWith('/apis')) await options.catchUp?.();
  if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
    refuseWrite(options, ctx, path);
    return;
  }
  const isRoot = path === '/api' || path === '/apis';
  // Caches between must not give one client's format to another.
  ctx.reply.header('vary', 'Accept');
  const format = negotiate(ctx.headers.accept, isRoot);
  if (format === undefined) throw newNotAcceptable(['application/json']);
  if (format !== 'plain' && isRoot) {
    sendCached(
      ctx,
      `application/json;g=apidiscovery.k8s.io;v=${format};as=APIGroupDiscoveryList`,
      JSON.stringify(groupDiscoveryList(options.served(), path, format)),
    );
    return;
  }
  const document = plainDocument(options, path);
  if (document === undefined) sendNotFound(ctx);
  else ctx.reply.send(200, 'application/json', JSON.stringify(document));
}

/** `/api`, `/apis` and all below them that is not a resource. */
export const discoveryRoutes = (options: DiscoveryOptions): NonResourceRoute[] => {
  const handle = (ctx: RequestContext): Promise<void> => answer(options, ctx);
  return [
    { path: '/api', match: 'exact', methods, handle },
    { path: '/apis', match: 'exact', methods, handle },
    { path: '/api/', match: 'prefix', methods, handle },
    { path: '/apis/', match: 'prefix', methods, handle },
  ];
};
