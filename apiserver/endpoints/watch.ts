import { systemRandom } from '../../base/random.ts';
import { newExpired, newNotAcceptable, newTooLargeResourceVersion, type StatusError } from '../../api/meta/status.ts';
import type { KubeObject } from '../pipeline.ts';
import type { CachedObject } from '../storage/cached-object.ts';
import type { CacheEvent } from '../storage/event-ring.ts';
import type { WatchCache } from '../storage/watch-cache.ts';
import { formOf } from './negotiation.ts';
import { listOptions, type ListOptions } from './request-options.ts';
import { listPrefix, type ResourceRequest } from './resource-request.ts';
import { WatchFrames, type EventType } from './watch-frames.ts';
import { WatchStream } from './watch-stream.ts';

/** A watch ends after a time between this and twice as long, so that clients spread over the servers anew. */
const watchTimeoutSecondsMin = 1_800;
const bookmarkPeriodMs = 60_000;
const freshnessTimeoutMs = 3_000;

interface Start {
  readonly initial: readonly CachedObject[];
  /** the initial state is followed by a bookmark that says so */
  readonly marksInitialEnd: boolean;
  readonly missed: readonly CacheEvent[];
  /** events up to here are in `initial` or `missed`, or are not wanted */
  readonly after: number;
}

/** GET with watch=true. */
export async function watch(request: ResourceRequest): Promise<void> {
  const { ctx, entry, services, storage } = request;
  const form = formOf(ctx, entry);
  if (form.mediaType === 'application/yaml') {
    throw newNotAcceptable(['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch']);
  }
  const options = listOptions(ctx, entry);
  await prepare(request, options);
  const frames = new WatchFrames(ctx, entry, form, services.printer, () => services.clock.nowMs());
  const start = startOf(storage.store.cache, listPrefix(request), options);
  const reply = ctx.reply.stream(200, frames.contentType);
  if ('error' in start) {
    reply.write(frames.error(start.error.status));
    reply.end();
    return;
  }
  run(request, options, frames, start, (initial) => new WatchStream(reply, initial));
  await new Promise<void>((resolve) => {
    if (reply.signal.aborted) resolve();
    else reply.signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Waits until the cache holds the version that the watch begins at. */
async function prepare({ storage }: ResourceRequest, options: ListOptions): Promise<void> {
  const { cache } = storage.store;
  const { resourceVersion } = options;
  if (resourceVersion === undefined) {
    await storage.reader.catchUpOrFail();
    return;
  }
  // Without an initial state, events of a version to come are simply waited for.
  const atLeast = options.sendInitialEvents === true ? resourceVersion : 0;
  if (!(await cache.waitFor(atLeast, freshnessTimeoutMs))) {
    throw newTooLargeResourceVersion(String(resourceVersion), String(cache.revision));
  }
}

function startOf(cache: WatchCache, prefix: string, options: ListOptions): Start | { error: StatusError } {
  const { resourceVersion = 0, sendInitialEvents, selects } = options;
  if (sendInitialEvents ?? resourceVersion === 0) {
    const initial = [...cache.range(prefix)].filter((entry) => selects === undefined || selects(entry.object));
    return { initial, marksInitialEnd: sendInitialEvents === true, missed: [], after: cache.revision };
  }
  const after = resourceVersion === 0 ? cache.revision : resourceVersion;
  const missed = cache.since(after);
  if (missed === undefined) {
    return { error: newExpired(`too old resource version: ${after} (${cache.oldestResumable})`) };
  }
  return { initial: [], marksInitialEnd: false, missed, after };
}

/** What a change is to a watcher that sees only selected objects. */
export function visibleChange(
  event: CacheEvent,
  prefix: string,
  selects: ((object: KubeObject) => boolean) | undefined,
): { type: EventType; object: CachedObject } | undefined {
  if (!event.current.key.startsWith(prefix)) return undefined;
  if (selects === undefined) return { type: event.type, object: event.current };
  const was = event.previous !== undefined && selects(event.previous.object);
  const is = event.type !== 'DELETED' && selects(event.current.object);
  if (is) return { type: was ? 'MODIFIED' : 'ADDED', object: event.current };
  if (!was) return undefined;
  const object = event.type === 'DELETED' ? event.current : event.previous.deletedAt(event.revision);
  return { type: 'DELETED', object };
}

function run(
  request: ResourceRequest,
  options: ListOptions,
  frames: WatchFrames,
  start: Start,
  open: (initial: Iterable<() => Uint8Array>) => WatchStream,
): void {
  const { ctx, services, storage } = request;
  const { cache } = storage.store;
  const prefix = listPrefix(request);
  let bookmarked = start.after;

  function* initial(): Generator<() => Uint8Array> {
    for (const object of start.initial) yield () => frames.event('ADDED', object);
    if (start.marksInitialEnd && options.allowWatchBookmarks) yield () => frames.bookmark(start.after, true);
  }
  const stream = open(initial());

  const bookmark = (): void => {
    // The cache has handed on all events up to its revision, so the client has them before this frame.
    const { revision } = cache;
    if (!options.allowWatchBookmarks || revision <= bookmarked) return;
    bookmarked = revision;
    stream.push(() => frames.bookmark(revision, false));
  };
  const close = (): void => {
    unsubscribe();
    cancelTimeout();
    cancelBookmarks();
  };
  const onEvent = (event: CacheEvent): void => {
    if (event.revision <= start.after) return;
    const change = visibleChange(event, prefix, options.selects);
    if (change === undefined) return;
    if (!stream.push(() => frames.event(change.type, change.object), change.object.storedBytes)) close();
  };
  const unsubscribe = cache.subscribe({
    event: onEvent,
    reset: () => {
      close();
      stream.end();
    },
  });
  const secondsMin = services.watchSecondsMin ?? watchTimeoutSecondsMin;
  const seconds = options.timeoutSeconds || secondsMin * (1 + systemRandom.next());
  const cancelTimeout = services.clock.after(seconds * 1000, () => {
    bookmark();
    close();
    stream.end();
  });
  const cancelBookmarks = services.clock.every(bookmarkPeriodMs, bookmark);
  for (const event of start.missed) onEvent(event);
  ctx.signal.addEventListener('abort', () => {
    close();
    stream.abort();
  });
}
