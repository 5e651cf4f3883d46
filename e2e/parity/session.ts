import type {
  Compare,
  DeleteRangeRequest,
  Event,
  LeaseGrantRequest,
  PutRequest,
  RangeRequest,
  RangeResponse,
  RequestOp,
  WatchCreateRequest,
  WatchResponse,
} from '../../proto/etcd-types.ts';
import { Naming } from './transcript.ts';
import type { Identity } from './transcript.ts';
import type { Answer, RawRequest, Stream, WireClient } from './wire-client.ts';

/** a request in which keys and values may be texts (one character a byte) */
type WithText<T> = {
  readonly [K in keyof T]?: Uint8Array extends T[K] ? Uint8Array | string : T[K];
};
export type RangeIn = WithText<RangeRequest>;
export type PutIn = WithText<PutRequest>;
export type DeleteIn = WithText<DeleteRangeRequest>;
export type CompareIn = WithText<Compare>;
export type CreateIn = WithText<WatchCreateRequest>;
export interface TxnIn {
  readonly compare?: readonly CompareIn[];
  readonly success?: readonly OpIn[];
  readonly failure?: readonly OpIn[];
}
export type OpIn =
  | { readonly requestRange: RangeIn }
  | { readonly requestPut: PutIn }
  | { readonly requestDeleteRange: DeleteIn }
  | { readonly requestTxn: TxnIn }
  | Partial<Record<keyof RequestOp, never>>;

export const op = {
  range: (requestRange: RangeIn): OpIn => ({ requestRange }),
  put: (key: string, value = '', more: PutIn = {}): OpIn => ({ requestPut: { key, value, ...more } }),
  del: (key: string, more: DeleteIn = {}): OpIn => ({ requestDeleteRange: { key, ...more } }),
  txn: (requestTxn: TxnIn): OpIn => ({ requestTxn }),
};

const byteFields = new Set(['key', 'rangeEnd', 'value']);

function withBytes(value: unknown, name = ''): unknown {
  if (typeof value === 'string' && byteFields.has(name)) return new Uint8Array(Buffer.from(value, 'latin1'));
  if (Array.isArray(value)) return value.map((item) => withBytes(item, name));
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withBytes(item, key)]));
}

/** What a case does with a server; each call and its answer becomes a line of the transcript. */
export class Session {
  readonly lines: string[] = [];
  readonly client: WireClient;
  /** the store's revision when the case began */
  readonly base: number;
  readonly identity: Identity;
  readonly #naming: Naming;
  readonly #streams: Stream[] = [];

  constructor(client: WireClient, base: number, identity: Identity) {
    this.client = client;
    this.base = base;
    this.identity = identity;
    this.#naming = new Naming(base, identity);
  }

  /** a revision counted from the case's beginning */
  at(offset: number): number {
    return this.base + offset;
  }

  /** a line that is no call */
  note(line: string): void {
    this.lines.push(line);
  }

  show(answer: Answer): string {
    return this.#naming.answer(answer);
  }

  /** Makes a call that leaves no line: what the case only needs. Throws where it fails. */
  async quietly<T extends object = object>(
    method: string,
    request: object,
    metadata?: Readonly<Record<string, string>>,
  ): Promise<T> {
    const answer = await this.client.call(method, withBytes(request) as object, metadata);
    if ('end' in answer) throw new Error(`${method}: ${answer.end.details}`);
    return answer.message as T;
  }

  /** The answer as it came, or undefined where the call failed. */
  async call(
    method: string,
    request: object,
    metadata?: Readonly<Record<string, string>>,
    /** shown in place of the metadata */
    with_ = metadata === undefined ? '' : ` with ${JSON.stringify(metadata)}`,
  ): Promise<object | undefined> {
    const message = (method.startsWith('/') ? request : withBytes(request)) as object;
    const answer = await this.client.call(method, message, metadata);
    this.note(`${method.split('/').at(-1)} ${this.#naming.message(message)}${with_} → ${this.#naming.answer(answer)}`);
    return 'message' in answer ? answer.message : undefined;
  }

  async put(key: string, value = '', more: PutIn = {}): Promise<void> {
    await this.call('KV/Put', { key, value, ...more });
  }

  /** without lines: each key with its own name as value */
  async putAll(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.quietly('KV/Put', { key, value: key });
  }

  async range(request: RangeIn): Promise<RangeResponse | undefined> {
    return (await this.call('KV/Range', request)) as RangeResponse | undefined;
  }

  async del(key: string, more: DeleteIn = {}): Promise<void> {
    await this.call('KV/DeleteRange', { key, ...more });
  }

  async txn(request: TxnIn): Promise<void> {
    await this.call('KV/Txn', request);
  }

  async compact(offset: number, physical = false): Promise<void> {
    await this.call('KV/Compact', { revision: this.at(offset), physical });
  }

  async grant(request: Partial<LeaseGrantRequest>): Promise<bigint> {
    const granted = (await this.call('Lease/LeaseGrant', request)) as { ID: bigint } | undefined;
    return granted?.ID ?? 0n;
  }

  /** A Watch call; it ends with the case. */
  watch(metadata?: Readonly<Record<string, string>>): WatchSession {
    return new WatchSession(this, this.stream('Watch/Watch', metadata));
  }

  stream(method: string, metadata?: Readonly<Record<string, string>>): Stream {
    const stream = this.client.stream(method, metadata);
    const shown: Stream = {
      ...stream,
      send: (request) => {
        const message = withBytes(request) as object;
        this.note(`${method.split('/')[1]} ← ${this.#naming.message(message)}`);
        stream.send(message);
      },
    };
    this.#streams.push(stream);
    return shown;
  }

  /** A request by hand; of the answer, how it ended. */
  async raw(what: string, request: RawRequest): Promise<void> {
    const { headers } = await this.client.raw(request);
    const shown = [':status', 'grpc-status', 'grpc-message', 'reset']
      .filter((name) => headers[name] !== undefined && headers[name] !== '' && headers[name] !== 'OK')
      .map((name) => `${name} ${decodeURIComponent(headers[name] ?? '')}`);
    this.note(`${what} → ${shown.join(', ')}`);
  }

  close(): void {
    for (const stream of this.#streams) stream.cancel();
  }
}

type Watched = WatchResponse;

/** One Watch call of a case. */
export class WatchSession {
  readonly #session: Session;
  readonly #stream: Stream;

  constructor(session: Session, stream: Stream) {
    this.#session = session;
    this.#stream = stream;
  }

  /** Asks for a watcher; its answer is read with `next`. */
  create(request: CreateIn): void {
    this.#stream.send({ createRequest: request });
  }

  /** Makes a watcher and waits until it is there. */
  async created(request: CreateIn): Promise<void> {
    this.create(request);
    await this.next();
  }

  cancel(watchId: number): void {
    this.#stream.send({ cancelRequest: { watchId } });
  }

  askProgress(): void {
    this.#stream.send({ progressRequest: {} });
  }

  halfClose(): void {
    this.#session.note('Watch: half-closed');
    this.#stream.halfClose();
  }

  /** The next response, as it is. */
  async next(): Promise<Watched | undefined> {
    const answer = await this.#stream.next();
    this.#session.note(`Watch → ${this.#session.show(answer)}`);
    return 'message' in answer ? (answer.message as Watched) : undefined;
  }

  /** `count` events, however many responses they come in; a line a watcher and revision. */
  async events(count: number): Promise<void> {
    const groups = new Map<string, { watchId: number; revision: number; events: Event[] }>();
    for (let seen = 0; seen < count;) {
      const answer = await this.#stream.next();
      if ('end' in answer || (answer.message as Watched).events.length === 0) {
        this.#session.note(`Watch, waiting for events → ${this.#session.show(answer)}`);
        return;
      }
      const { watchId, events } = answer.message as Watched;
      seen += events.length;
      for (const event of events) {
        const revision = event.kv?.modRevision ?? 0;
        const key = `${watchId}/${revision}`;
        const group = groups.get(key) ?? { watchId, revision, events: [] };
        groups.set(key, group);
        group.events.push(event);
      }
    }
    // watchers of one stream are told side by side
    const sorted = [...groups.values()].sort((a, b) => a.watchId - b.watchId);
    for (const { watchId, events } of sorted) {
      const message = {
        watchId,
        events: events.map((event) => ({ ...event, type: event.type === 0 ? 'put' : 'delete' })),
      };
      this.#session.note(`Watch → ${this.#session.show({ message })}`);
    }
  }
}
