import type { MessageCodec } from '../../grpc/server.ts';
import type { ResponseHeader, WatchResponse } from '../../proto/etcd-types.ts';
import type { Loose } from '../../proto/load.ts';
import type { StoreEvent } from '../mvcc/types.ts';
import { etcd } from './command.ts';

const codec = etcd.codec<WatchResponse>('etcdserverpb.WatchResponse');
/** ids below are encoded once */
const idsMax = 10_000;

/** A WatchResponse that is bytes already. */
export class EncodedWatchResponse {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

export type WatchAnswer = Loose<WatchResponse> | EncodedWatchResponse;

export const watchAnswerCodec: MessageCodec<WatchAnswer> = {
  decode: (bytes) => codec.decode(bytes),
  encode: (answer) => (answer instanceof EncodedWatchResponse ? answer.bytes : codec.encode(answer)),
};

export interface Delivery {
  readonly header: ResponseHeader;
  readonly watchId: number;
  readonly events: readonly StoreEvent[];
  readonly prevKv: boolean;
  /** more of the same revisions follows */
  readonly fragment: boolean;
}

const fragmentField = Uint8Array.of(0x38, 1);

/**
 * Puts deliveries together from parts, each encoded once, however many watchers it goes to:
 *
 *     header │ watch id │ fragment │ event │ event │ ...       fields 1, 2, 7, 11: the encoding of the whole
 */
export class WatchResponseEncoder {
  readonly #plain = new WeakMap<StoreEvent, Uint8Array>();
  readonly #withPrevious = new WeakMap<StoreEvent, Uint8Array>();
  /** by watch id; those of a stream begin at 0 */
  readonly #ids: Uint8Array[] = [];
  #header: { readonly revision: number; readonly raftTerm: number; readonly bytes: Uint8Array } | undefined;

  encode({ header, watchId, events, prevKv, fragment }: Delivery): EncodedWatchResponse {
    const parts = [this.#headerBytes(header), this.#idBytes(watchId)];
    if (fragment) parts.push(fragmentField);
    for (const event of events) parts.push(this.#eventBytes(event, prevKv));
    let length = 0;
    for (const part of parts) length += part.length;
    const all = Buffer.allocUnsafe(length);
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return new EncodedWatchResponse(all);
  }

  /** of one member: the same but for revision and term */
  #headerBytes(header: ResponseHeader): Uint8Array {
    const { revision, raftTerm } = header;
    const known = this.#header;
    if (known?.revision === revision && known.raftTerm === raftTerm) return known.bytes;
    const bytes = codec.encode({ header });
    this.#header = { revision, raftTerm, bytes };
    return bytes;
  }

  #idBytes(watchId: number): Uint8Array {
    if (watchId < 0 || watchId >= idsMax) return codec.encode({ watchId });
    // in order, so that the array has no holes
    while (this.#ids.length <= watchId) this.#ids.push(Uint8Array.from(codec.encode({ watchId: this.#ids.length })));
    return this.#ids[watchId]!;
  }

  #eventBytes(event: StoreEvent, prevKv: boolean): Uint8Array {
    const known = prevKv ? this.#withPrevious : this.#plain;
    let bytes = known.get(event);
    if (bytes === undefined) {
      bytes = codec.encode({ events: [prevKv ? event : { type: event.type, kv: event.kv }] });
      known.set(event, bytes);
    }
    return bytes;
  }
}
