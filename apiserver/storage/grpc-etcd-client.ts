import { sleep, systemClock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { silentLog } from '../../base/log.ts';
import { CallError, type EtcdTls } from './etcd-channel.ts';
import {
  EtcdError,
  type EtcdClient,
  type GuardedWrite,
  type GuardedWriteResult,
  type MemberStatus,
  type Operation,
  type RangeRequest,
  type RangeResponse,
  type StoreWatch,
  type WatchObserver,
} from './etcd-client.ts';
import { EtcdEndpoints } from './etcd-endpoints.ts';
import {
  compactionRequest,
  failureOf,
  grantRequest,
  grantResponse,
  keepAliveRequest,
  keepAliveResponse,
  keyValueOf,
  rangeRequest,
  rangeResponse,
  revokeRequest,
  txnRequest,
  txnResponse,
  utf8,
} from './etcd-messages.ts';
import { progressIsOrderedIn } from './etcd-version.ts';
import { EtcdWatch } from './etcd-watch.ts';

export interface GrpcEtcdClientOptions {
  /** `http://127.0.0.1:2379`; the own member first */
  readonly servers: readonly string[];
  readonly tls?: EtcdTls;
  readonly log?: Log;
  /** how long a call is tried, over all members; default 10 s */
  readonly callTimeoutMs?: number;
}

const callTimeoutMsDefault = 10_000;
/** A member cut off from its leader keeps a call for seconds: another one is asked before that. */
const attemptTimeoutMs = 2_500;
const retryDelayMs = 50;
const retryDelayMaxMs = 400;

const methods = {
  range: '/etcdserverpb.KV/Range',
  txn: '/etcdserverpb.KV/Txn',
  compact: '/etcdserverpb.KV/Compact',
  grant: '/etcdserverpb.Lease/LeaseGrant',
  revoke: '/etcdserverpb.Lease/LeaseRevoke',
  keepAlive: '/etcdserverpb.Lease/LeaseKeepAlive',
};
const compareMod = { result: 0, target: 2 };

function wireOperation(operation: Operation): object {
  if ('delete' in operation) return { requestDeleteRange: { key: utf8.encode(operation.delete.key) } };
  const { key, value, lease } = operation.put;
  return { requestPut: { key: utf8.encode(key), value, lease: BigInt(lease ?? 0) } };
}

/** An EtcdClient over gRPC, with all members of the store behind it. */
export class GrpcEtcdClient implements EtcdClient {
  readonly #endpoints: EtcdEndpoints;
  readonly #log: Log;
  readonly #callTimeoutMs: number;
  readonly #watches = new Set<StoreWatch>();
  #closed = false;

  constructor(options: GrpcEtcdClientOptions) {
    this.#log = options.log ?? silentLog;
    this.#callTimeoutMs = options.callTimeoutMs ?? callTimeoutMsDefault;
    this.#endpoints = new EtcdEndpoints(options.servers, options.tls, this.#log);
  }

  async range(request: RangeRequest): Promise<RangeResponse> {
    const { key, rangeEnd, ...rest } = request;
    const bytes = rangeRequest.encode({
      ...rest,
      key: utf8.encode(key),
      rangeEnd: rangeEnd === undefined ? undefined : utf8.encode(rangeEnd),
    });
    const answer = rangeResponse.decode(await this.#call(methods.range, bytes, true));
    return {
      revision: answer.header?.revision ?? 0,
      kvs: answer.kvs.map(keyValueOf),
      count: answer.count,
      more: answer.more,
    };
  }

  async write({ guards, operations }: GuardedWrite): Promise<GuardedWriteResult> {
    const bytes = txnRequest.encode({
      compare: guards.map((guard) => ({
        ...compareMod,
        key: utf8.encode(guard.key),
        modRevision: guard.modRevision,
      })),
      success: operations.map(wireOperation),
      failure: guards.map((guard) => ({ requestRange: { key: utf8.encode(guard.key) } })),
    });
    const answer = txnResponse.decode(await this.#call(methods.txn, bytes, false));
    const current = answer.succeeded
      ? []
      : answer.responses.map(({ responseRange }) => responseRange?.kvs[0] && keyValueOf(responseRange.kvs[0]));
    return { succeeded: answer.succeeded, revision: answer.header?.revision ?? 0, current };
  }

  watch(prefix: string, startRevision: number, observer: WatchObserver): StoreWatch {
    const watch = new EtcdWatch(this.#endpoints, { prefix, startRevision, observer, log: this.#log });
    this.#watches.add(watch);
    return {
      requestProgress: () => watch.requestProgress(),
      cancel: () => {
        this.#watches.delete(watch);
        watch.cancel();
      },
    };
  }

  /** A grant that got lost is tried again: the lease left over runs out by itself. */
  async leaseGrant(ttlSeconds: number): Promise<string> {
    const bytes = grantRequest.encode({ TTL: ttlSeconds });
    return String(grantResponse.decode(await this.#call(methods.grant, bytes, true)).ID);
  }

  async leaseRevoke(lease: string): Promise<void> {
    await this.#call(methods.revoke, revokeRequest.encode({ ID: BigInt(lease) }), true);
  }

  leaseKeepAlive(lease: string): Promise<number> {
    const channel = this.#endpoints.pick();
    return new Promise((resolve, reject) => {
      const stream = channel.stream(methods.keepAlive);
      const fail = (why: string): void => {
        cancelTimer();
        reject(new EtcdError('unavailable', why));
        stream.cancel();
      };
      const cancelTimer = systemClock.after(attemptTimeoutMs, () => {
        this.#endpoints.avoid(channel);
        fail('lease keep-alive: no answer in time');
      });
      stream.on('data', (bytes: Buffer) => {
        cancelTimer();
        resolve(keepAliveResponse.decode(bytes).TTL);
        stream.end();
      });
      stream.on('error', (error: Error) => fail(error.message));
      stream.on('end', () => fail('lease keep-alive: stream ended'));
      stream.write(keepAliveRequest.encode({ ID: BigInt(lease) }));
    });
  }

  async compact(revision: number): Promise<void> {
    try {
      await this.#call(methods.compact, compactionRequest.encode({ revision }), true);
    } catch (error) {
      if (!(error instanceof EtcdError) || error.kind !== 'compacted') throw error;
    }
  }

  async status(): Promise<MemberStatus> {
    const channel = this.#endpoints.pick();
    if (!(await channel.ping())) throw new EtcdError('unavailable', `store member ${channel.url} does not answer`);
    return { version: channel.version, leader: String(channel.leader), dbSizeBytes: channel.dbSizeBytes };
  }

  async progressIsOrdered(): Promise<boolean> {
    const channel = this.#endpoints.pick();
    if (channel.version === '') await channel.ping();
    return progressIsOrderedIn(channel.version);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const watch of this.#watches) watch.cancel();
    this.#watches.clear();
    this.#endpoints.close();
  }

  /** `repeatable`: may be sent again even where it may have happened. */
  async #call(path: string, request: Uint8Array, repeatable: boolean): Promise<Uint8Array> {
    const deadlineMs = systemClock.monotonicMs() + this.#callTimeoutMs;
    let delayMs = retryDelayMs;
    for (;;) {
      if (this.#closed) throw new EtcdError('closed', 'the connection to the store is closed');
      const channel = this.#endpoints.pick();
      const leftMs = deadlineMs - systemClock.monotonicMs();
      try {
        return await channel.unary(path, request, Math.max(1, Math.min(attemptTimeoutMs, leftMs)));
      } catch (error) {
        const failure = failureOf(error);
        if (failure instanceof EtcdError) throw failure;
        this.#endpoints.avoid(channel);
        const why = error instanceof CallError ? error.message : String(error);
        if (failure === 'lost' && !repeatable) throw new EtcdError('unknown-outcome', why, { cause: error });
        if (systemClock.monotonicMs() + delayMs >= deadlineMs) {
          throw new EtcdError('unavailable', why, { cause: error });
        }
        await sleep(delayMs);
        delayMs = Math.min(delayMs * 2, retryDelayMaxMs);
      }
    }
  }
}
