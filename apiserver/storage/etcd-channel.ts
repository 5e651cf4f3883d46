import * as grpc from '@grpc/grpc-js';
import { systemClock } from '../../base/clock.ts';
import { etcdProto } from '../../proto/etcd.ts';
import { loadProto } from '../../proto/load.ts';

/** PEM texts of the certificate this server shows to the store, and of the CA that signed the store's. */
export interface EtcdTls {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
}

export const etcdWire = loadProto(etcdProto);

const toBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const asIs = (bytes: Buffer): Buffer => bytes;

/** How long a member may leave a status call unanswered before its connection is given up. */
const pingTimeoutMs = 1_200;
const reconnectBackoffMaxMs = 1_000;

interface StatusMessage {
  version: string;
  leader: bigint;
  dbSize: number;
  isLearner: boolean;
}
const statusMethod = '/etcdserverpb.Maintenance/Status';
const statusRequest = etcdWire.codec('etcdserverpb.StatusRequest').encode({});
const statusResponse = etcdWire.codec<StatusMessage>('etcdserverpb.StatusResponse');

/** A failed call: grpc's code and details. */
export class CallError extends Error {
  override name = 'CallError';
  readonly code: grpc.status;
  constructor(code: grpc.status, details: string) {
    super(details);
    this.code = code;
  }
}

/**
 * grpc-js makes an Error for each call, in case that it fails: its stack trace was 5 % of the processor time of creates and
 * gets. Ours is made of code and details alone.
 */
function withoutStackTraces<T>(act: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return act();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

export type RawStream = grpc.ClientDuplexStream<Uint8Array, Buffer>;

function credentialsFor(url: URL, tls: EtcdTls | undefined): grpc.ChannelCredentials {
  if (url.protocol !== 'https:') return grpc.credentials.createInsecure();
  const pem = (text: string | undefined): Buffer | null => (text === undefined ? null : Buffer.from(text));
  return grpc.credentials.createSsl(pem(tls?.ca), pem(tls?.key), pem(tls?.cert));
}

/** The connection to one member. All calls in flight end at once when the member is found dead. */
export class EtcdChannel {
  readonly url: string;
  /** '' until the first answer to a ping */
  version = '';
  dbSizeBytes = 0;
  leader = 0n;
  readonly #credentials: grpc.ChannelCredentials;
  readonly #address: string;
  readonly #calls = new Set<{ cancel(): void }>();
  #client: grpc.Client;
  #pinging: Promise<boolean> | undefined;

  constructor(url: string, tls: EtcdTls | undefined) {
    this.url = url;
    const parsed = new URL(url.includes('://') ? url : `http://${url}`);
    this.#address = `${parsed.hostname}:${parsed.port || '2379'}`;
    this.#credentials = credentialsFor(parsed, tls);
    this.#client = this.#connect();
  }

  // No HTTP/2 keepalive: etcd closes connections that ping more often than each 5 s. `ping` asks for the status instead.
  #connect(): grpc.Client {
    return new grpc.Client(this.#address, this.#credentials, {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': reconnectBackoffMaxMs,
      'grpc.max_receive_message_length': -1,
      'grpc.enable_retries': 0,
    });
  }

  unary(path: string, request: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const deadline = systemClock.nowMs() + timeoutMs;
      const call = withoutStackTraces(() =>
        this.#client.makeUnaryRequest(path, toBuffer, asIs, request, { deadline }, (error, response) => {
          this.#calls.delete(call);
          if (error) reject(new CallError(error.code, error.details));
          else resolve(response as Buffer);
        }),
      );
      this.#calls.add(call);
    });
  }

  stream(path: string, metadata: Readonly<Record<string, string>> = {}): RawStream {
    const headers = new grpc.Metadata();
    for (const [name, value] of Object.entries(metadata)) headers.set(name, value);
    const call = this.#client.makeBidiStreamRequest(path, toBuffer, asIs, headers);
    this.#calls.add(call);
    const forget = (): void => void this.#calls.delete(call);
    call.on('end', forget);
    call.on('error', forget);
    return call;
  }

  /** True when the member answers in time; concurrent callers share one call. */
  ping(): Promise<boolean> {
    this.#pinging ??= this.#ping().finally(() => (this.#pinging = undefined));
    return this.#pinging;
  }

  async #ping(): Promise<boolean> {
    try {
      const status = statusResponse.decode(await this.unary(statusMethod, statusRequest, pingTimeoutMs));
      this.version = status.version;
      // a learner passes nothing on: for us it has no leader
      this.leader = status.isLearner ? 0n : status.leader;
      this.dbSizeBytes = status.dbSize;
      return true;
    } catch {
      return false;
    }
  }

  /** Cuts every call in flight and connects anew. */
  reset(): void {
    const old = this.#client;
    this.#client = this.#connect();
    this.leader = 0n;
    for (const call of this.#calls) call.cancel();
    this.#calls.clear();
    old.close();
  }

  close(): void {
    for (const call of this.#calls) call.cancel();
    this.#calls.clear();
    this.#client.close();
  }
}
