import type { Method, ServerStream } from '../../grpc/server.ts';
import type { WatchCreateRequest, WatchRequest } from '../../proto/etcd-types.ts';
import type { Access } from '../auth/access.ts';
import { AuthError } from '../auth/types.ts';
import type { AuthErrorKind } from '../auth/types.ts';
import { keyRange } from '../mvcc/key-name.ts';
import type { StoreEvent } from '../mvcc/types.ts';
import { etcdError } from './errors.ts';
import { headerOf, needsLeader, streaming } from './service.ts';
import type { MemberContext } from './service.ts';
import type { Outlet, Watcher, WatchOutlet } from './watch-hub.ts';
import { watchAnswerCodec, WatchResponseEncoder } from './watch-response.ts';
import type { WatchAnswer } from './watch-response.ts';

type Stream = ServerStream<WatchRequest, WatchAnswer>;

/** stream-wide progress, and creations that failed */
const noWatchId = -1;
const zeroKey = new Uint8Array(1);
const filter = { noPut: 0, noDelete: 1 } as const;
const leaderCheckEveryMs = 500;
/** election timeouts without a leader after which a stream that needs one ends; as etcd */
const leaderlessElections = 3;
const watchersPerStreamMax = 100_000;

interface Registered {
  readonly id: number;
  readonly watcher: Watcher;
  readonly progressNotify: boolean;
  readonly fragment: boolean;
}

const sizeOf = (event: StoreEvent): number =>
  event.kv.key.length +
  event.kv.value.length +
  (event.prevKv?.key.length ?? 0) +
  (event.prevKv?.value.length ?? 0) +
  64;

/** the events of a response, cut so that each part stays under `bytesMax` where it can */
export function fragments(events: readonly StoreEvent[], bytesMax: number): readonly (readonly StoreEvent[])[] {
  const parts: StoreEvent[][] = [];
  let bytes = 0;
  for (const event of events) {
    const size = sizeOf(event);
    const last = parts[parts.length - 1];
    if (last === undefined || bytes + size > bytesMax) {
      parts.push([event]);
      bytes = size;
    } else {
      last.push(event);
      bytes += size;
    }
  }
  return parts;
}

/** One Watch call: many watchers on one stream. */
class WatchCall implements WatchOutlet {
  readonly #context: MemberContext;
  readonly #stream: Stream;
  readonly #outlet: Outlet;
  readonly #byId = new Map<number, Registered>();
  readonly #byWatcher = new Map<Watcher, Registered>();
  readonly #encoder: WatchResponseEncoder;
  #nextId = 0;

  constructor(context: MemberContext, stream: Stream, encoder: WatchResponseEncoder) {
    this.#context = context;
    this.#stream = stream;
    this.#encoder = encoder;
    this.#outlet = context.hub.open(this);
  }

  async run(): Promise<void> {
    const { clock, limits, hub } = this.#context;
    const stopProgress = clock.every(limits.watchProgressMs, () => this.#notifyProgress());
    const lost = this.#leaderLost();
    try {
      await Promise.race([this.#receive(), lost.promise]);
    } finally {
      stopProgress();
      lost.stop();
      hub.close(this.#outlet);
    }
  }

  deliver(watcher: Watcher, events: readonly StoreEvent[], revision: number): boolean {
    const registered = this.#byWatcher.get(watcher);
    if (registered === undefined) return true;
    const header = headerOf(this.#context, revision);
    const { id, fragment } = registered;
    const parts = fragment ? fragments(events, this.#context.limits.maxRequestBytes) : [events];
    let writable = true;
    for (const [i, part] of parts.entries()) {
      const more = i < parts.length - 1;
      const { prevKv } = watcher.options;
      const answer = this.#encoder.encode({ header, watchId: id, events: part, prevKv, fragment: more });
      writable = this.#stream.send(answer);
    }
    return writable;
  }

  compacted(watcher: Watcher, compactRevision: number): void {
    const registered = this.#byWatcher.get(watcher);
    if (registered === undefined) return;
    this.#forget(registered);
    this.#stream.send({
      // as etcd: it tells no revision here
      header: headerOf(this.#context, 0),
      watchId: registered.id,
      canceled: true,
      compactRevision,
    });
  }

  progress(revision: number): void {
    this.#stream.send({ header: headerOf(this.#context, revision), watchId: noWatchId });
  }

  drained(): Promise<void> {
    return this.#stream.drained();
  }

  async #receive(): Promise<void> {
    for await (const request of this.#stream.requests) {
      if (request.createRequest) {
        if (this.#context.auth.enabled) await this.#createIfPermitted(request.createRequest);
        else this.#create(request.createRequest);
      } else if (request.cancelRequest) this.#cancel(request.cancelRequest.watchId);
      else if (request.progressRequest) this.#context.hub.requestProgress(this.#outlet);
      // a client that asks without reading is not answered faster than it reads
      await this.#stream.drained();
    }
    // the client has no more to ask, but still listens
    if (!this.#stream.signal.aborted && this.#byId.size > 0) await aborted(this.#stream.signal);
  }

  /** Rights count when a watch begins; one that runs goes on, as in etcd. */
  async #createIfPermitted(request: WatchCreateRequest): Promise<void> {
    const key = request.key.length === 0 ? zeroKey : request.key;
    // a revision that cannot be is told first
    const check = (access: Access): void => {
      if (request.startRevision >= 0) access.range({ key, rangeEnd: request.rangeEnd });
    };
    try {
      await this.#context.auth.ask(this.#stream, check, () => this.#create(request));
    } catch (error) {
      if (!(error instanceof AuthError)) throw error;
      this.#refuse(watchRefusal(error));
    }
  }

  #create(request: WatchCreateRequest): void {
    const key = request.key.length === 0 ? zeroKey : request.key;
    const range = keyRange(key, request.rangeEnd);
    if (request.startRevision < 0) return this.#refuse('etcdserver: mvcc: required revision has been compacted');
    const emptyRange = !range.single && range.end !== undefined && range.start >= range.end;
    if (emptyRange) return this.#refuse('mvcc: watcher range is empty');
    if (request.watchId !== 0 && this.#byId.has(request.watchId)) {
      return this.#refuse('mvcc: duplicate watch ID provided on the WatchStream');
    }
    if (this.#byId.size >= watchersPerStreamMax) return this.#refuse('etcdserver: too many requests');
    const id = request.watchId === 0 ? this.#freeId() : request.watchId;
    const { hub } = this.#context;
    this.#stream.send({ header: headerOf(this.#context, hub.revision), watchId: id, created: true });
    const watcher = hub.watch(this.#outlet, {
      range,
      startRevision: request.startRevision,
      prevKv: request.prevKv,
      noPut: request.filters.includes(filter.noPut),
      noDelete: request.filters.includes(filter.noDelete),
    });
    const { progressNotify, fragment } = request;
    const registered: Registered = { id, watcher, progressNotify, fragment };
    this.#byId.set(id, registered);
    this.#byWatcher.set(watcher, registered);
  }

  #freeId(): number {
    while (this.#byId.has(this.#nextId)) this.#nextId++;
    return this.#nextId++;
  }

  #refuse(cancelReason: string): void {
    const header = headerOf(this.#context, this.#context.hub.revision);
    this.#stream.send({ header, watchId: noWatchId, created: true, canceled: true, cancelReason });
  }

  #cancel(id: number): void {
    const registered = this.#byId.get(id);
    if (registered === undefined) return;
    this.#forget(registered);
    this.#stream.send({ header: headerOf(this.#context, this.#context.hub.revision), watchId: id, canceled: true });
    // last: a progress notification that waited for this watcher must not reach the client before it knows
    this.#context.hub.cancel(registered.watcher);
  }

  #forget({ id, watcher }: Registered): void {
    this.#byId.delete(id);
    this.#byWatcher.delete(watcher);
  }

  /** Tells quiet watchers how far they are. */
  #notifyProgress(): void {
    const { hub } = this.#context;
    for (const { id, watcher, progressNotify } of this.#byId.values()) {
      const quiet = !watcher.busy;
      watcher.busy = false;
      if (progressNotify && quiet && hub.isCurrent(watcher)) {
        this.#stream.send({ header: headerOf(this.#context, hub.revision), watchId: id });
      }
    }
  }

  /** Rejects when a client that needs a leader has had none for too long: it shall go to another member. */
  #leaderLost(): { promise: Promise<never>; stop: () => void } {
    const { clock, limits, node } = this.#context;
    if (!needsLeader(this.#stream)) return { promise: new Promise(() => {}), stop: () => {} };
    let stop = (): void => {};
    const promise = new Promise<never>((_, reject) => {
      let seenMs = clock.monotonicMs();
      if (node.status().leader === '') seenMs -= limits.electionMs * leaderlessElections;
      const look = (): void => {
        if (node.status().leader !== '') seenMs = clock.monotonicMs();
        else if (clock.monotonicMs() - seenMs >= limits.electionMs * leaderlessElections)
          reject(etcdError('no-leader'));
      };
      stop = clock.every(leaderCheckEveryMs, look);
      look();
    });
    return { promise, stop };
  }
}

/** etcd's client reads the code out of this text. */
function watchRefusal({ kind }: AuthError): string {
  const { message } = etcdError(kind);
  const name = refusalCodes[kind];
  if (name === undefined) return `rpc error: code = PermissionDenied desc = ${etcdError('permission-denied').message}`;
  return `rpc error: code = ${name} desc = ${message}`;
}

const refusalCodes: Partial<Record<AuthErrorKind, string>> = {
  'invalid-auth-token': 'Unauthenticated',
  'auth-old-revision': 'InvalidArgument',
  'user-empty': 'InvalidArgument',
};

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

export function watchMethods(context: MemberContext): Method[] {
  // one for all streams: an event goes to the watchers of many
  const encoder = new WatchResponseEncoder();
  const watch = streaming<WatchRequest, WatchAnswer>(
    '/etcdserverpb.Watch/Watch',
    (stream) => new WatchCall(context, stream, encoder).run(),
    context,
  );
  return [{ ...watch, response: watchAnswerCodec } as Method];
}
