import type { Random } from '../../base/random.ts';
import type { WatchRequest as HistoryWatch } from '../check/history.ts';
import type { SimClient, SimStream } from '../world/types.ts';
import type { OpenWatch } from './recorder.ts';
import { RequestSource, defaultWeights } from './requests.ts';
import { eventOf, watchMessage } from './wire.ts';
import type { WireEvent } from './wire.ts';
import type { WorkloadParts } from './workload.ts';

interface WireWatchResponse {
  readonly header?: { readonly revision: number };
  readonly watchId: number;
  readonly created: boolean;
  readonly canceled: boolean;
  readonly compactRevision: number;
  readonly cancelReason: string;
  readonly fragment: boolean;
  readonly events: readonly WireEvent[];
}

/** What goes on over all the streams that a watch needs. */
interface Subscription {
  readonly request: HistoryWatch;
  /** of the history: the last watch of it */
  record: OpenWatch | undefined;
  /** the first revision that it has not seen in full; 0: not known yet */
  next: number;
}

const watchesPerStreamMax = 3;
const streamMeanMs = 12_000;
const retryPauseMs = 200;
const noWatchId = -1;

/** A client's watches: on one stream at a time, gone on with on another member when that breaks. */
export class WatcherClient {
  readonly name: string;
  readonly #parts: WorkloadParts;
  readonly #index: number;
  readonly #random: Random;
  readonly #source: RequestSource;
  readonly #client: SimClient;
  #subscriptions: Subscription[] = [];
  #stream: SimStream<object> | undefined;
  #byId = new Map<number, Subscription>();
  #endStream: () => void = () => {};
  #stopped = false;
  #steady = false;

  constructor(parts: WorkloadParts, index: number) {
    this.name = `w${index}`;
    this.#parts = parts;
    this.#index = index;
    this.#random = parts.world.random(`watcher ${this.name}`);
    this.#source = new RequestSource(this.#random, this.name, defaultWeights);
    this.#client = parts.world.client(this.name);
  }

  async run(knownRevision: () => number): Promise<void> {
    const { world, places } = this.#parts;
    while (!this.#stopped) {
      const candidates = places();
      if (this.#subscriptions.length === 0) this.#subscribe(knownRevision());
      if (candidates.length > 0) await this.#watchAt(candidates[this.#random.below(candidates.length)]!.place);
      if (this.#stopped) return;
      await world.sleep(retryPauseMs * (0.5 + this.#random.next()));
      // now and then something else
      if (this.#random.next() < 0.3) this.#subscriptions = [];
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#endStream();
  }

  /** Leaves streams that stand alone, and reads what comes: for the end of a run. */
  steady(): void {
    this.#steady = true;
    this.#stream?.setReading(true);
  }

  /** Asks to be told how far the stream is; `isCurrent` says whether that reached `revision`. */
  askProgress(): void {
    this.#stream?.send({ progressRequest: {} });
  }

  /**
   * Everything that it watches was seen up to `revision`. A stream with a watch from a revision still to come tells no
   * progress until then, as with etcd, so that nothing can be said of it.
   */
  isCurrent(revision: number): boolean {
    const watched = [...this.#byId.values()];
    const begins = ({ record }: Subscription): number => record?.request.startRevision ?? 0;
    if (this.#stream === undefined) return false;
    return watched.some((one) => begins(one) > revision + 1) || watched.every(({ next }) => next > revision);
  }

  describe(): string {
    const watched = [...this.#byId.values()].map(({ record, next }) => `${record?.id ?? '?'} up to ${next - 1}`);
    return this.#stream === undefined ? 'no stream' : `watches ${watched.join(', ')}`;
  }

  #subscribe(revision: number): void {
    const count = 1 + this.#random.below(watchesPerStreamMax);
    this.#subscriptions = Array.from({ length: count }, () => {
      const next = this.#start(revision);
      return { request: this.#source.watch(next), record: undefined, next };
    });
  }

  /** From now on, from the past, or (as one does who read a revision elsewhere) from a revision still to come. */
  #start(revision: number): number {
    const drawn = this.#random.next();
    if (drawn < 0.4 || (drawn >= 0.9 && this.#steady)) return 0;
    if (drawn < 0.9) return Math.max(1, revision - this.#random.below(60));
    return revision + 1 + this.#random.below(20);
  }

  #watchAt(place: number): Promise<void> {
    const { world, recorder } = this.#parts;
    const { name } = world.cluster.members[place]!;
    return new Promise((resolve) => {
      const cancels: (() => void)[] = [];
      const end = (): void => {
        if (this.#endStream !== end) return;
        this.#endStream = () => {};
        for (const cancel of cancels) cancel();
        stream.cancel();
        this.#stream = undefined;
        for (const { record } of this.#byId.values()) if (record) record.closed ??= recorder.time();
        this.#byId.clear();
        resolve();
      };
      this.#endStream = end;
      const stream = this.#client.stream<object, WireWatchResponse>(place, 'Watch/Watch', {
        onMessage: (response) => this.#onResponse(response),
        onEnd: (error) => {
          world.trace(this.name, () => `stream to ${name} ended: ${error?.message ?? 'well'}`);
          end();
        },
      });
      this.#stream = stream;
      this.#createAll(stream, name);
      cancels.push(world.after(this.#streamMs(), () => this.#steady || end()));
      cancels.push(this.#disturb(stream, 1500 + this.#random.below(3000)));
    });
  }

  /** some stay for most of a run, and see what comes over their member */
  #streamMs(): number {
    return streamMeanMs * (this.#random.next() < 0.25 ? 4 : 2 * this.#random.next());
  }

  #createAll(stream: SimStream<object>, member: string): void {
    const { recorder, stats, world } = this.#parts;
    for (const [i, subscription] of this.#subscriptions.entries()) {
      const id = i + 1;
      const request: HistoryWatch =
        subscription.next > 0 ? { ...subscription.request, startRevision: subscription.next } : subscription.request;
      const resumes = subscription.record?.id;
      subscription.record = recorder.watch(this.#index, member, request, resumes);
      stats.add(resumes === undefined ? 'watches' : 'watchesResumed');
      this.#byId.set(id, subscription);
      world.trace(this.name, () => `watch ${subscription.record!.id} at ${member}: ${JSON.stringify(request)}`);
      stream.send({ createRequest: watchMessage(request, id) });
    }
    // while it still catches up: the answer has to come behind what it catches up with (etcd 15220)
    if (this.#random.next() < 0.3) this.askProgress();
  }

  #onResponse(response: WireWatchResponse): void {
    const { world } = this.#parts;
    world.trace(this.name, () => `← ${describeResponse(response)}`);
    const of = this.#byId.get(response.watchId);
    if (response.watchId === noWatchId) {
      if (response.canceled) {
        const error = new Error(`a watch was refused: ${response.cancelReason}`);
        world.fail({ kind: 'check', timeMs: world.nowMs, error });
        return;
      }
      for (const subscription of this.#byId.values()) {
        if ((subscription.record?.responses.length ?? 0) > 0) this.#onProgress(subscription, response);
      }
    } else if (of === undefined) {
      // its cancellation and its last events crossed
    } else if (response.created) {
      this.#push(of, 'created', response);
      of.next ||= (response.header?.revision ?? 0) + 1;
    } else if (response.canceled) this.#onCanceled(of, response);
    else if (response.events.length > 0) this.#onEvents(of, response);
    else this.#onProgress(of, response);
  }

  #onEvents(of: Subscription, response: WireWatchResponse): void {
    const events = response.events.map(eventOf);
    this.#parts.stats.add('watchEvents', events.length);
    const common = { time: this.#parts.recorder.time(), revision: response.header?.revision ?? 0 };
    of.record!.responses.push({ ...common, kind: 'events', events, fragment: response.fragment });
    // a revision may go on in the next fragment
    if (!response.fragment) of.next = Math.max(of.next, events.at(-1)!.kv.modRevision + 1);
  }

  #onProgress(of: Subscription, response: WireWatchResponse): void {
    this.#parts.stats.add('watchProgress');
    this.#push(of, 'progress', response);
    of.next = Math.max(of.next, (response.header?.revision ?? 0) + 1);
  }

  #onCanceled(of: Subscription, response: WireWatchResponse): void {
    const { recorder, stats } = this.#parts;
    of.record!.responses.push({
      time: recorder.time(),
      kind: 'canceled',
      revision: response.header?.revision ?? 0,
      compactRevision: response.compactRevision,
      ...(response.cancelReason !== '' && { reason: response.cancelReason }),
    });
    of.record!.closed = recorder.time();
    this.#byId.delete(response.watchId);
    this.#subscriptions = this.#subscriptions.filter((subscription) => subscription !== of);
    if (response.compactRevision > 0) {
      stats.add('watchesCompacted');
      // the oldest that can still be watched is what such a client asks for next
      this.#subscriptions.push({ request: of.request, record: undefined, next: response.compactRevision });
    }
    if (this.#byId.size === 0) this.#endStream();
  }

  #push(of: Subscription, kind: 'created' | 'progress', response: WireWatchResponse): void {
    of.record!.responses.push({
      time: this.#parts.recorder.time(),
      kind,
      revision: response.header?.revision ?? 0,
    });
  }

  /** Now and then it asks for progress, stops reading for a while, or cancels one of its watches. */
  #disturb(stream: SimStream<object>, everyMs: number): () => void {
    const { world } = this.#parts;
    let cancel = (): void => {};
    const again = (): void => {
      cancel = world.after(everyMs, () => {
        const what = this.#steady ? 1 : this.#random.next();
        const [id] = this.#byId.keys();
        if (what < 0.4) stream.send({ progressRequest: {} });
        else if (what < 0.55) {
          stream.setReading(false);
          world.after(500 + this.#random.below(1500), () => stream.setReading(true));
        } else if (what < 0.62 && id !== undefined) stream.send({ cancelRequest: { watchId: id } });
        again();
      });
    };
    again();
    return () => cancel();
  }
}

function describeResponse(response: WireWatchResponse): string {
  const { watchId, header, created, canceled, compactRevision, events, fragment } = response;
  const what = created ? 'created' : canceled ? `canceled ${compactRevision}` : `${events.length} events`;
  const revisions = events.map(({ kv }) => kv.modRevision).join(' ');
  return `watch ${watchId} at ${header?.revision}: ${what} ${revisions}${fragment ? ' (more)' : ''}`;
}
