import { systemClock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { etcdWire, type EtcdChannel, type RawStream } from './etcd-channel.ts';
import { EtcdError, prefixEnd, type StoreEvent, type StoreWatch, type WatchObserver } from './etcd-client.ts';
import type { EtcdEndpoints } from './etcd-endpoints.ts';
import { progressIsOrderedIn } from './etcd-version.ts';
import { keyValueOf, utf8, type WireKeyValue } from './etcd-messages.ts';

interface WatchResponse {
  header: { revision: number } | undefined;
  watchId: number;
  created: boolean;
  canceled: boolean;
  compactRevision: number;
  cancelReason: string;
  events: { type: number; kv: WireKeyValue | undefined }[];
}
const request = etcdWire.codec('etcdserverpb.WatchRequest');
const response = etcdWire.codec<WatchResponse>('etcdserverpb.WatchResponse');
const watchMethod = '/etcdserverpb.Watch/Watch';
const deleteType = 1;
const reopenDelayMs = 50;
const reopenDelayMaxMs = 1_000;
/** a stream that is not acknowledged by then is tried on another member */
const createTimeoutMs = 2_500;

/**
 * One watch of one prefix, on a stream of its own, reopened after the last revision delivered whenever the stream
 * breaks. Of its own, because a progress answer speaks for a whole stream: shared with a watch that is only being
 * created, it could claim a revision whose events that watch has yet to receive.
 */
export class EtcdWatch implements StoreWatch {
  readonly #endpoints: EtcdEndpoints;
  readonly #prefix: string;
  readonly #observer: WatchObserver;
  readonly #log: Log;
  #nextRevision: number;
  #stream: RawStream | undefined;
  #channel: EtcdChannel | undefined;
  #created = false;
  #ended = false;
  #delayMs = reopenDelayMs;
  #cancelTimer: (() => void) | undefined;

  constructor(
    endpoints: EtcdEndpoints,
    watch: { prefix: string; startRevision: number; observer: WatchObserver; log: Log },
  ) {
    this.#endpoints = endpoints;
    this.#prefix = watch.prefix;
    this.#nextRevision = watch.startRevision;
    this.#observer = watch.observer;
    this.#log = watch.log;
    this.#open();
  }

  requestProgress(): void {
    if (this.#created) this.#stream?.write(request.encode({ progressRequest: {} }));
  }

  cancel(): void {
    this.#ended = true;
    this.#close();
  }

  #close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const stream = this.#stream;
    this.#stream = undefined;
    this.#created = false;
    stream?.cancel();
  }

  #open(): void {
    if (this.#ended) return;
    const channel = this.#endpoints.pick();
    const stream = channel.stream(watchMethod, { hasleader: 'true' });
    this.#channel = channel;
    this.#stream = stream;
    this.#cancelTimer = systemClock.after(createTimeoutMs, () => this.#lost(stream, 'not acknowledged in time'));
    stream.on('data', (bytes: Buffer) => {
      if (this.#stream === stream) this.#receive(stream, response.decode(bytes));
    });
    stream.on('error', (error: Error) => this.#lost(stream, error.message));
    stream.on('end', () => this.#lost(stream, 'stream ended'));
    const createRequest = {
      key: utf8.encode(this.#prefix),
      rangeEnd: utf8.encode(prefixEnd(this.#prefix)),
      startRevision: this.#nextRevision,
      progressNotify: true,
    };
    stream.write(request.encode({ createRequest }));
  }

  #lost(stream: RawStream, why: string): void {
    if (this.#stream !== stream || this.#ended) return;
    this.#log.debug({ prefix: this.#prefix, member: this.#channel?.url, why }, 'watch stream of the store lost');
    if (this.#channel) this.#endpoints.avoid(this.#channel);
    this.#close();
    this.#cancelTimer = systemClock.after(this.#delayMs, () => this.#open());
    this.#delayMs = Math.min(this.#delayMs * 2, reopenDelayMaxMs);
  }

  #receive(stream: RawStream, message: WatchResponse): void {
    if (message.canceled) {
      if (message.compactRevision > 0) {
        this.#ended = true;
        this.#close();
        this.#observer.closed(new EtcdError('compacted', 'etcdserver: mvcc: required revision has been compacted'));
      } else this.#lost(stream, message.cancelReason);
      return;
    }
    if (message.created) {
      this.#cancelTimer?.();
      this.#created = true;
      this.#delayMs = reopenDelayMs;
      return;
    }
    if (message.events.length > 0) this.#deliver(message);
    else this.#progress(message.header?.revision ?? 0);
  }

  #deliver(message: WatchResponse): void {
    const events: StoreEvent[] = [];
    for (const { type, kv } of message.events) {
      // etcd has sent events older than asked for (issue 20221)
      if (kv === undefined || kv.modRevision < this.#nextRevision) continue;
      events.push({ type: type === deleteType ? 'delete' : 'put', kv: keyValueOf(kv) });
    }
    const last = events.at(-1);
    if (last === undefined) return;
    this.#nextRevision = last.kv.modRevision + 1;
    this.#observer.events(events, last.kv.modRevision);
  }

  #progress(revision: number): void {
    if (!progressIsOrderedIn(this.#channel?.version ?? '')) return;
    if (revision + 1 > this.#nextRevision) this.#nextRevision = revision + 1;
    this.#observer.progress(revision);
  }
}
