import type { RequestInfo } from '../pipeline.ts';

const subresources: ReadonlySet<string> = new Set(['attach', 'exec', 'log', 'portforward', 'proxy']);

/** Watches and streams: they go on for as long as the client wants, and count as no work under way. */
export const isLongRunning = ({ isResourceRequest, verb, subresource }: RequestInfo): boolean =>
  isResourceRequest && (verb === 'watch' || subresources.has(subresource));
