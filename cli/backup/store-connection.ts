import { Client, credentials, Metadata, status as grpcStatus } from '@grpc/grpc-js';
import type { ChannelCredentials, ServiceError } from '@grpc/grpc-js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import type { SnapshotResponse } from '../../proto/etcd-types.ts';
import { etcd } from '../../store/etcd/command.ts';
import { CliError, messageOf } from '../cli-error.ts';
import { findState } from '../cluster/state.ts';

/** How the clients' port of a store is reached. */
export interface StoreAddress {
  /** `http://h:1`, `https://h:1`, or `h:1` */
  readonly endpoints: readonly string[];
  /** PEM; TLS where one of them is there or the URL says https */
  readonly tls: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer };
  /** who asks, where the store has users */
  readonly user?: { readonly name: string; readonly password: string };
}

export interface StoreOptions {
  readonly endpoints?: string;
  readonly cacert?: string;
  readonly cert?: string;
  readonly key?: string;
  /** `name` or `name:password` */
  readonly user?: string;
  readonly password?: string;
  readonly dataDir?: string;
}

const defaultEndpoint = 'http://127.0.0.1:2379';
const callTimeoutMs = 10_000;
/** a stream that brings nothing for so long is given up: its member may be paused or cut off */
const silenceMsMax = 30_000;

function readPem(flag: string, path: string | undefined): Buffer | undefined {
  try {
    return path === undefined ? undefined : readFileSync(path);
  } catch (error) {
    throw new CliError(`--${flag}: ${messageOf(error)}`);
  }
}

function userOf({ user, password }: StoreOptions): StoreAddress['user'] {
  if (user === undefined) return undefined;
  const colon = user.indexOf(':');
  if (password !== undefined) return { name: user, password };
  if (colon < 0) throw new CliError('--user needs a password: --user name:password, or --password');
  return { name: user.slice(0, colon), password: user.slice(colon + 1) };
}

/** `--endpoints`; else the replicas of the local cluster in `dataDir`, with its certificates; else etcd's usual one. */
export function storeAddress(options: StoreOptions, dataDir: string): StoreAddress {
  const { endpoints, cacert, cert, key } = options;
  const user = userOf(options);
  const given = {
    ca: readPem('cacert', cacert),
    cert: readPem('cert', cert),
    key: readPem('key', key),
  };
  if ((cert === undefined) !== (key === undefined)) throw new CliError('--cert and --key belong together');
  if (endpoints !== undefined) {
    const named = endpoints.split(',').filter((endpoint) => endpoint !== '');
    if (named.length === 0) throw new CliError('--endpoints names none');
    return { endpoints: named, tls: given, user };
  }
  const layout = findState(dataDir);
  if (layout === undefined) return { endpoints: [defaultEndpoint], tls: given, user };
  const pki = (name: string): Buffer => readFileSync(join(layout.pkiDir, name));
  const tls = {
    ca: given.ca ?? pki('etcd-ca.crt'),
    cert: given.cert ?? pki('apiserver-etcd-client.crt'),
    key: given.key ?? pki('apiserver-etcd-client.key'),
  };
  return { endpoints: layout.replicas.map(({ clientUrl }) => clientUrl), tls, user };
}

function credentialsFor(endpoint: string, { ca, cert, key }: StoreAddress['tls']): ChannelCredentials {
  const secure = endpoint.startsWith('https:') || (!endpoint.startsWith('http:') && (ca ?? cert) !== undefined);
  return secure ? credentials.createSsl(ca ?? null, key ?? null, cert ?? null) : credentials.createInsecure();
}

/** What a call failed with, in words for a person. */
export function callError(endpoint: string, error: unknown): CliError {
  const { code, details } = error as Partial<ServiceError>;
  const unreachable = code === grpcStatus.UNAVAILABLE && details?.startsWith('etcdserver:') !== true;
  if (unreachable) return new CliError(`${endpoint} cannot be reached: ${details ?? ''}`, 1, { cause: error });
  if (code === grpcStatus.DEADLINE_EXCEEDED) return new CliError(`${endpoint} did not answer in time`);
  return new CliError(`${endpoint}: ${details ?? messageOf(error)}`, 1, { cause: error });
}

/** One member's client port. */
export class StoreConnection {
  readonly #client: Client;
  readonly #user: StoreAddress['user'];
  #token: string | undefined;

  constructor(endpoint: string, { tls, user }: StoreAddress) {
    const target = endpoint.replace(/^https?:\/\//, '').replace(/^unix:\/\//, 'unix:');
    this.#client = new Client(target, credentialsFor(endpoint, tls), { 'grpc.max_receive_message_length': -1 });
    this.#user = user;
  }

  /** From here on calls carry a token, where there is a user. */
  async authenticate(): Promise<void> {
    if (this.#user === undefined) return;
    const { token } = await this.#call<{ token: string }>('Auth/Authenticate', this.#user, {});
    this.#token = token;
  }

  /** Rejects unless there is a leader, and this member has all that was acknowledged before the call. */
  async confirmUpToDate(): Promise<void> {
    await this.#call('KV/Range', { key: new Uint8Array(1), limit: 1, keysOnly: true }, { hasleader: 'true' });
  }

  #metadata(fields: Readonly<Record<string, string>>): Metadata {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(fields)) metadata.set(name, value);
    if (this.#token !== undefined) metadata.set('token', this.#token);
    return metadata;
  }

  #call<Res>(method: string, message: object, fields: Readonly<Record<string, string>>): Promise<Res> {
    const path = `/etcdserverpb.${method}`;
    const { request, response } = etcd.methods.get(path)!;
    return new Promise<Res>((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        (body: object) => Buffer.from(request.encode(body as never)),
        (bytes: Buffer) => response.decode(bytes) as Res,
        message,
        this.#metadata(fields),
        { deadline: systemClock.nowMs() + callTimeoutMs },
        (error: ServiceError | null, answer?: Res) => (error === null ? resolve(answer!) : reject(error)),
      );
    });
  }

  /** What Maintenance.Snapshot sends; the member waits while nothing is asked for. */
  async *snapshot(signal: AbortSignal): AsyncGenerator<SnapshotResponse, void, undefined> {
    const path = '/etcdserverpb.Maintenance/Snapshot';
    const { request, response } = etcd.methods.get(path)!;
    const call = this.#client.makeServerStreamRequest(
      path,
      (message: object) => Buffer.from(request.encode(message as never)),
      (bytes: Buffer) => response.decode(bytes) as SnapshotResponse,
      {},
      this.#metadata({}),
    );
    let silent = false;
    const onSilence = (): void => {
      silent = true;
      call.cancel();
    };
    const onAbort = (): void => call.cancel();
    signal.addEventListener('abort', onAbort, { once: true });
    let stopWaiting = systemClock.after(silenceMsMax, onSilence);
    try {
      for await (const message of call as AsyncIterable<SnapshotResponse>) {
        stopWaiting();
        yield message;
        stopWaiting = systemClock.after(silenceMsMax, onSilence);
      }
    } catch (error) {
      if (silent) throw new Error(`nothing came for ${silenceMsMax / 1000} s`, { cause: error });
      throw error;
    } finally {
      stopWaiting();
      signal.removeEventListener('abort', onAbort);
      call.cancel();
    }
  }

  close(): void {
    this.#client.close();
  }
}
