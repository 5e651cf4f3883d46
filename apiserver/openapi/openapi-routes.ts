import { newNotAcceptable } from '../../api/meta/status.ts';
import { parseAccept, takes } from '../discovery/accept.ts';
import type { NonResourceRoute, RequestContext } from '../pipeline.ts';
import { byGroupVersion, documentV2, documentV3, hashOf, type Served } from './documents.ts';
import { encodeDocumentV2, openapiV2AnsweredType, openapiV2ProtobufType } from './v2-protobuf.ts';

export interface OpenApiOptions {
  /** group versions that other servers describe */
  readonly elsewhere?: () => Record<string, { serverRelativeURL: string }>;
  readonly served: () => Served;
  /** resolves when what is served is as new as the store */
  readonly catchUp?: () => Promise<void>;
}

/** Documents kept as text: one a group version. More than are served at a time means that what is served changed. */
const cachedDocumentsMax = 64;
const yearSeconds = 365 * 24 * 3600;

type Body = string | Uint8Array;

class DocumentCache {
  readonly #bodies = new Map<string, Body>();

  /** The body kept under `key`, made by `make` when it is not there. */
  get(key: string, make: () => Body): Body {
    let body = this.#bodies.get(key);
    if (body === undefined) {
      body = make();
      const [oldest] = this.#bodies.keys();
      if (this.#bodies.size >= cachedDocumentsMax && oldest !== undefined) this.#bodies.delete(oldest);
      this.#bodies.set(key, body);
    }
    return body;
  }
}

const json = 'application/json';

/** The first of the client's ranges that takes one of our types decides. Some clients escape the @ of a type. */
function negotiate(ctx: RequestContext, types: readonly string[]): string {
  ctx.reply.header('vary', 'Accept');
  for (const range of parseAccept(ctx.headers.accept?.replaceAll('%40', '@'))) {
    const type = types.find((ours) => takes(range, ours));
    if (type !== undefined) return type;
  }
  throw newNotAcceptable(types);
}

function sendTagged(ctx: RequestContext, tag: string, type: string, body: () => Body): void {
  const etag = `"${tag}"`;
  ctx.reply.header('etag', etag);
  const isKnown = ctx.headers['if-none-match']?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
  if (isKnown) ctx.reply.send(304, type, '');
  else ctx.reply.send(200, type, body());
}

async function sendIndex(options: OpenApiOptions, ctx: RequestContext): Promise<void> {
  negotiate(ctx, [json]);
  await options.catchUp?.();
  const paths = [...byGroupVersion(options.served())].map(([path, resources]) => [
    path,
    { serverRelativeURL: `/openapi/v3/${path}?hash=${hashOf(resources)}` },
  ]);
  ctx.reply.json(200, { paths: { ...(Object.fromEntries(paths) as object), ...options.elsewhere?.() } });
}

/** One group version. With the right hash in the address it may be kept for ever; with an old one, look again. */
async function sendDocument(options: OpenApiOptions, cache: DocumentCache, ctx: RequestContext): Promise<void> {
  negotiate(ctx, [json]);
  await options.catchUp?.();
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
  sendTagged(ctx, hash, json, () => cache.get(hash, () => JSON.stringify(documentV3(resources))));
}

/** Older ways of asking for the protobuf form: older clients try them after a refusal. */
const protobufNames = [
  openapiV2ProtobufType,
  openapiV2AnsweredType,
  'application/com.github.googleapis.gnostic.OpenAPIv2+protobuf',
];

async function sendV2(options: OpenApiOptions, cache: DocumentCache, ctx: RequestContext): Promise<void> {
  const type = negotiate(ctx, [json, ...protobufNames]);
  await options.catchUp?.();
  const served = options.served();
  const hash = hashOf(served);
  if (type === json) {
    sendTagged(ctx, hash, type, () => cache.get(`v2/${hash}`, () => JSON.stringify(documentV2(served))));
  } else {
    // One address, two forms: their tags must differ.
    sendTagged(ctx, `${hash}-pb`, openapiV2AnsweredType, () =>
      cache.get(`v2pb/${hash}`, () => encodeDocumentV2(documentV2(served))),
    );
  }
}

/** /openapi/v3, a document a group version below it, and /openapi/v2 as JSON and protobuf. */
export function openApiRoutes(options: OpenApiOptions): NonResourceRoute[] {
  const cache = new DocumentCache();
  return [
    { path: '/openapi/v3', match: 'exact', handle: (ctx) => sendIndex(options, ctx) },
    { path: '/openapi/v3/', match: 'prefix', handle: (ctx) => sendDocument(options, cache, ctx) },
    { path: '/openapi/v2', match: 'exact', handle: (ctx) => sendV2(options, cache, ctx) },
  ];
}
