import { newNotAcceptable } from '../../api/meta/status.ts';
import { parseAccept, takes } from '../discovery/accept.ts';
import type { NonResourceRoute, RequestContext } from '../pipeline.ts';
import { byGroupVersion, documentV2, documentV3, hashOf, type Served } from './documents.ts';

export interface OpenApiOptions {
  readonly served: () => Served;
}

/** Documents kept as text: one a group version. More than are served at a time means that what is served changed. */
const cachedDocumentsMax = 64;
const yearSeconds = 365 * 24 * 3600;

class DocumentCache {
  readonly #texts = new Map<string, string>();

  /** The text kept under `key`, made by `make` when it is not there. */
  get(key: string, make: () => object): string {
    let text = this.#texts.get(key);
    if (text === undefined) {
      text = JSON.stringify(make());
      const [oldest] = this.#texts.keys();
      if (this.#texts.size >= cachedDocumentsMax && oldest !== undefined) this.#texts.delete(oldest);
      this.#texts.set(key, text);
    }
    return text;
  }
}

function requireJson(ctx: RequestContext): void {
  ctx.reply.header('vary', 'Accept');
  if (!parseAccept(ctx.headers.accept).some((range) => takes(range, 'application/json'))) {
    throw newNotAcceptable(['application/json']);
  }
}

function sendTagged(ctx: RequestContext, hash: string, text: () => string): void {
  const etag = `"${hash}"`;
  ctx.reply.header('etag', etag);
  const isKnown = ctx.headers['if-none-match']?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
  if (isKnown) ctx.reply.send(304, 'application/json', '');
  else ctx.reply.send(200, 'application/json', text());
}

function sendIndex(options: OpenApiOptions, ctx: RequestContext): void {
  requireJson(ctx);
  const paths = [...byGroupVersion(options.served())].map(([path, resources]) => [
    path,
    { serverRelativeURL: `/openapi/v3/${path}?hash=${hashOf(resources)}` },
  ]);
  ctx.reply.json(200, { paths: Object.fromEntries(paths) as object });
}

/** One group version. With the right hash in the address it may be kept for ever; with an old one, look again. */
function sendDocument(options: OpenApiOptions, cache: DocumentCache, ctx: RequestContext): void {
  requireJson(ctx);
  const path = ctx.info.path.replace(/^\/openapi\/v3\//, '').replace(/\/+$/, '');
  const resources = byGroupVersion(options.served()).get(path);
  if (resources === undefined) {
    ctx.reply.send(404, 'text/plain; charset=utf-8', '404 page not found\n');
    return;
  }
  const hash = hashOf(resources);
  const asked = ctx.query.get('hash');
  if (asked !== null && asked !== hash) {
    ctx.reply.header('location', `/openapi/v3/${path}?hash=${hash}`);
    ctx.reply.send(301, 'text/plain; charset=utf-8', '');
    return;
  }
  if (asked !== null) ctx.reply.header('cache-control', `public, max-age=${yearSeconds}, immutable`);
  sendTagged(ctx, hash, () => cache.get(hash, () => documentV3(resources)));
}

function sendV2(options: OpenApiOptions, cache: DocumentCache, ctx: RequestContext): void {
  requireJson(ctx);
  const served = options.served();
  const hash = hashOf(served);
  sendTagged(ctx, hash, () => cache.get(`v2/${hash}`, () => documentV2(served)));
}

/** /openapi/v3, a document a group version below it, and /openapi/v2 as JSON. */
export function openApiRoutes(options: OpenApiOptions): NonResourceRoute[] {
  const cache = new DocumentCache();
  return [
    { path: '/openapi/v3', match: 'exact', handle: (ctx) => sendIndex(options, ctx) },
    { path: '/openapi/v3/', match: 'prefix', handle: (ctx) => sendDocument(options, cache, ctx) },
    { path: '/openapi/v2', match: 'exact', handle: (ctx) => sendV2(options, cache, ctx) },
  ];
}
