import { LeanStream } from '../../../grpc/lean/lean-stream.ts';
import { grpcCode } from '../../../grpc/server.ts';
import type { GrpcCode } from '../../../grpc/server.ts';
import type { Log } from '../../../base/log.ts';
import { systemClock } from '../../../base/clock.ts';
import type { Message } from '../../core/types.ts';
import type { PeerAddress, TlsFiles } from '../types.ts';
import { encodeMessages, messageBytes } from './message-codec.ts';
import { dialUrl } from './dial-url.ts';
import { batchBytesMax, identityFields, messagesPath } from './peer-protocol.ts';
import type { Identity, Lane } from './peer-protocol.ts';

/** What waits for a peer at most; beyond it messages are dropped, which Raft is made for. */
const queueBytesMax: Readonly<Record<Lane, number>> = { urgent: 4 * 1024 * 1024, bulk: 64 * 1024 * 1024 };
const backoffMinMs = 20;
const backoffMaxMs = 200;
/** A peer of another cluster will not become ours by asking it often. */
const backoffRefusedMs = 2_000;
const acceptTimeoutMs = 2_000;
/** A dead process refuses a new connection at once, a live one takes it, soon if it is busy; one that is cut off does neither. */
const verdictMs = 200;
/** A stream that stood so long is made again at once when it breaks; one that did not, after a pause that grows. */
const stableMs = 500;

export interface LaneOptions {
  readonly own: Identity;
  readonly peer: PeerAddress;
  readonly lane: Lane;
  readonly tls: TlsFiles | undefined;
  readonly log: Log;
  readonly onUp: () => void;
  /** an accepted stream ended, not by us, and the peer did not take a new one at once; told again at each attempt */
  readonly onClosed: () => void;
  /** the peer says that we are no member any more */
  readonly onRemoved: () => void;
}

/** One stream to one peer, opened again whenever it breaks. Never blocks: what cannot be queued is dropped. */
export class OutboundLane {
  readonly #options: LaneOptions;
  #call: LeanStream | undefined;
  #up = false;
  #stopped = false;
  #queue: Message[] = [];
  #queuedBytes = 0;
  #flushing = false;
  #attempts = 0;
  #backoffMs = backoffMinMs;
  #lastTrouble = '';
  #cancelTimer: () => void = () => {};
  #upSinceMs = 0;
  /** a stream broke that stood before, and none stands since: the peer may be gone */
  #inDoubt = false;
  #cancelVerdict: () => void = () => {};

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#connect();
  }

  get up(): boolean {
    return this.#up;
  }

  /** False: dropped. */
  send(message: Message): boolean {
    if (!this.#up) return false;
    const bytes = messageBytes(message);
    if (this.#queuedBytes > 0 && this.#queuedBytes + bytes > queueBytesMax[this.#options.lane]) return false;
    this.#queue.push(message);
    this.#queuedBytes += bytes;
    if (!this.#flushing) {
      this.#flushing = true;
      queueMicrotask(() => this.#flush());
    }
    return true;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer();
    this.#cancelVerdict();
    this.#disconnect();
  }

  #connect(): void {
    const { peer, own, lane, tls } = this.#options;
    const url = peer.urls[this.#attempts++ % peer.urls.length];
    if (this.#stopped || url === undefined) return;
    const metadata = identityFields(own, peer.id, lane);
    let call: LeanStream;
    try {
      call = new LeanStream(
        { url: dialUrl(url), path: messagesPath, metadata, tls, maxMessageBytes: batchBytesMax },
        {
          onMessage: () => this.#accepted(call, url),
          onDrain: () => call === this.#call && this.#flush(),
          onEnd: (code, text) => this.#ended(call, code, text),
        },
      );
    } catch (error) {
      this.#reconnectLater(error instanceof Error ? error.message : String(error), backoffRefusedMs);
      return;
    }
    this.#call = call;
    this.#cancelTimer = systemClock.after(acceptTimeoutMs, () => {
      call.close();
      this.#ended(call, grpcCode.deadlineExceeded, 'the peer does not accept the stream');
    });
  }

  #accepted(call: LeanStream, url: string): void {
    if (call !== this.#call || this.#up) return;
    this.#cancelTimer();
    this.#up = true;
    this.#inDoubt = false;
    this.#cancelVerdict();
    this.#upSinceMs = systemClock.monotonicMs();
    this.#lastTrouble = '';
    this.#options.log.debug({ peer: this.#options.peer.id, url, lane: this.#options.lane }, 'connected to peer');
    this.#options.onUp();
  }

  #ended(call: LeanStream, code: GrpcCode, text: string): void {
    if (call !== this.#call) return;
    const wasUp = this.#up;
    this.#cancelTimer();
    this.#disconnect();
    if (this.#stopped) return;
    const removed = code === grpcCode.permissionDenied; // see removedRefusal
    if (removed) this.#options.onRemoved();
    const refused = removed || code === grpcCode.failedPrecondition; // see checkCaller
    if (wasUp && !refused) {
      // One broken connection does not mean that the peer is gone: it is told when a new one is not taken.
      this.#inDoubt = true;
      this.#cancelVerdict = systemClock.after(verdictMs, () => this.#options.onClosed());
      if (systemClock.monotonicMs() - this.#upSinceMs >= stableMs) {
        this.#backoffMs = backoffMinMs;
        this.#connect();
        return;
      }
    }
    this.#reconnectLater(text, refused ? backoffRefusedMs : this.#backoffMs);
    this.#backoffMs = Math.min(this.#backoffMs * 2, backoffMaxMs);
    // a stream that has just broken gets another try before its peer is taken for gone
    if (!this.#inDoubt || (wasUp && !refused)) return;
    this.#cancelVerdict();
    this.#options.onClosed();
  }

  #reconnectLater(trouble: string, delayMs: number): void {
    if (trouble !== this.#lastTrouble) {
      const { peer, lane, log } = this.#options;
      const fields = { peer: peer.id, urls: peer.urls, lane, trouble };
      if (lane === 'urgent') log.warn(fields, 'no connection to peer; trying again until it answers');
      this.#lastTrouble = trouble;
    }
    this.#cancelTimer = systemClock.after(delayMs, () => this.#connect());
  }

  #disconnect(): void {
    const call = this.#call;
    this.#call = undefined;
    this.#up = false;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#flushing = false;
    call?.close();
  }

  #flush(): void {
    this.#flushing = false;
    while (this.#call !== undefined && this.#queue.length > 0) {
      const call = this.#call;
      if (call.send(encodeMessages(this.#takeBatch()))) continue;
      this.#flushing = true; // until it has drained
      return;
    }
  }

  #takeBatch(): Message[] {
    let count = 0;
    let bytes = 0;
    while (count < this.#queue.length && (count === 0 || bytes < batchBytesMax)) {
      const next = messageBytes(this.#queue[count]!);
      if (count > 0 && bytes + next > batchBytesMax) break;
      bytes += next;
      count++;
    }
    this.#queuedBytes -= bytes;
    return this.#queue.splice(0, count);
  }
}
