import { newNotAcceptable } from '../../api/meta/status.ts';
import { parseAccept, takes } from '../discovery/accept.ts';
import type { RequestContext } from '../pipeline.ts';
import type { ResourceEntry } from '../registry/resource-entry.ts';

export type MediaType = 'application/json' | 'application/yaml' | 'application/vnd.kubernetes.protobuf';

/** In which form the client takes an answer. */
export interface Form {
  readonly mediaType: MediaType;
  /** what objects are turned into */
  readonly as: 'object' | 'table' | 'partial';
  readonly pretty: boolean;
}

const mediaTypes: readonly MediaType[] = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
];

const transforms: Readonly<Record<string, Form['as']>> = {
  Table: 'table',
  PartialObjectMetadata: 'partial',
  PartialObjectMetadataList: 'partial',
};

export const jsonForm: Form = { mediaType: 'application/json', as: 'object', pretty: false };

/** The first range of the Accept header that we can answer in, best quality first; undefined: none. */
export function negotiate(ctx: RequestContext, entry?: ResourceEntry, hasTables = true): Form | undefined {
  const pretty = ctx.query.get('pretty');
  for (const range of parseAccept(ctx.headers.accept)) {
    const { as, g, v } = range.parameters;
    const mediaType = mediaTypes.find((type) => takes(range, type));
    if (mediaType === undefined) continue;
    const form = { mediaType, pretty: pretty === 'true' || pretty === '1' };
    // Custom objects have no protobuf form; their metadata alone has.
    if (as === undefined && mediaType.endsWith('protobuf') && entry?.custom !== undefined) continue;
    if (as === undefined) return { ...form, as: 'object' };
    const transform = transforms[as];
    const known = g === 'meta.k8s.io' && (v === 'v1' || v === 'v1beta1');
    // A Table has no protobuf form.
    if (transform === undefined || !known) continue;
    if (transform === 'table' && (!hasTables || mediaType.endsWith('protobuf'))) continue;
    return { ...form, as: transform };
  }
  return undefined;
}

export function formOf(ctx: RequestContext, entry?: ResourceEntry, hasTables = true): Form {
  const form = negotiate(ctx, entry, hasTables);
  if (form === undefined) throw newNotAcceptable([...mediaTypes]);
  return form;
}
