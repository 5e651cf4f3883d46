import * as grpc from '@grpc/grpc-js';
import { createSecureContext } from 'node:tls';
import type { CallContext, MessageCodec } from '../../../grpc/server.ts';
import { GrpcError, grpcCode } from '../../../grpc/server.ts';
import { contextOf, pemNow } from '../../../grpc/tls.ts';
import type { Message, MessageType, NodeId } from '../../core/types.ts';
import type { TlsFiles } from '../types.ts';
import { dialUrl } from './dial-url.ts';

/** A member sends on streams it opens itself; the only answer is one empty message that says: accepted. */
export const messagesPath = '/kuorum.raft.v1.Peer/Messages';
export const snapshotPath = '/kuorum.raft.v1.Peer/Snapshot';

/** Each lane has a connection of its own, so that a heartbeat never stands behind a big append. */
export type Lane = 'urgent' | 'bulk';

const bulkTypes: ReadonlySet<MessageType> = new Set<MessageType>(['app', 'prop']);
export const laneOf = (message: Message): Lane => (bulkTypes.has(message.type) ? 'bulk' : 'urgent');

/** A frame holds one batch, of about `batchBytesMax` or one message; an entry is far smaller than the difference. */
export const batchBytesMax = 1024 * 1024;
export const frameBytesMax = 64 * 1024 * 1024;

export const protocolVersion = '1';

export interface Identity {
  readonly clusterId: string;
  readonly id: NodeId;
  /** where peers reach it, as far as it knows itself */
  readonly urls?: readonly string[] | undefined;
}

const names = {
  version: 'kuorum-protocol',
  cluster: 'kuorum-cluster-id',
  from: 'kuorum-from',
  to: 'kuorum-to',
  urls: 'kuorum-urls',
} as const;

/** What a caller says of itself, as request metadata. */
export const identityFields = (own: Identity, to: NodeId, lane: Lane | 'snapshot'): Record<string, string> => ({
  [names.version]: protocolVersion,
  [names.cluster]: own.clusterId,
  [names.from]: own.id,
  [names.to]: to,
  'kuorum-lane': lane,
  ...(own.urls !== undefined && own.urls.length > 0 && { [names.urls]: own.urls.join(',') }),
});

export function identityMetadata(own: Identity, to: NodeId, lane: Lane | 'snapshot'): grpc.Metadata {
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(identityFields(own, to, lane))) metadata.set(name, value);
  return metadata;
}

/** Who calls; throws GrpcError where the caller is of another cluster, means another member, or speaks otherwise. */
export function checkCaller(own: Identity, call: CallContext): NodeId {
  const version = call.metadata(names.version);
  const cluster = call.metadata(names.cluster);
  const to = call.metadata(names.to);
  const from = call.metadata(names.from);
  if (version !== protocolVersion) {
    throw refusal(`peer protocol ${version ?? 'unknown'} is not ours, which is ${protocolVersion}`);
  }
  if (cluster !== own.clusterId) {
    throw refusal(`cluster ID mismatch: the caller is of cluster ${cluster}, member ${own.id} is of ${own.clusterId}`);
  }
  if (to !== own.id) throw refusal(`member ID mismatch: the caller looks for member ${to}, this is member ${own.id}`);
  if (from === undefined || from === own.id) throw refusal(`member ${from} cannot be a peer of member ${own.id}`);
  return from;
}

/** Where the caller says it is; none from a member of an older version. */
export const callerUrls = (call: CallContext): readonly string[] =>
  (call.metadata(names.urls) ?? '').split(',').filter((url) => /^https?:\/\//.test(url));

const refusal = (message: string): GrpcError => new GrpcError(grpcCode.failedPrecondition, message);

/** Told to a caller of our own cluster only: no other code of ours means this, so it is taken as final. */
export const removedRefusal = (id: NodeId): GrpcError =>
  new GrpcError(grpcCode.permissionDenied, `member ${id} has been permanently removed from the cluster`);

export const bytesCodec: MessageCodec<Uint8Array> = { decode: (bytes) => bytes, encode: (bytes) => bytes };
export const toBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
export const fromBuffer = (bytes: Buffer): Uint8Array => bytes;

const keepaliveTimeMs = 5_000;
const keepaliveTimeoutMs = 3_000;

/** A connection of its own to `url`, without retries or proxies: the caller reconnects as it sees fit. */
export function connectTo(url: string, tls: TlsFiles | undefined): grpc.Client {
  const credentials = url.startsWith('https:') ? tlsCredentials(url, tls) : grpc.credentials.createInsecure();
  return new grpc.Client(new URL(dialUrl(url)).host, credentials, {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': 0,
    'grpc.enable_http_proxy': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.max_send_message_length': frameBytesMax,
    'grpc.max_receive_message_length': batchBytesMax,
    'grpc.keepalive_time_ms': keepaliveTimeMs,
    'grpc.keepalive_timeout_ms': keepaliveTimeoutMs,
  });
}

function tlsCredentials(url: string, tls: TlsFiles | undefined): grpc.ChannelCredentials {
  if (tls === undefined) throw new Error(`${url} needs a certificate, a key and a CA`);
  const context = createSecureContext(contextOf(tls, pemNow(tls), 'client'));
  return grpc.credentials.createFromSecureContext(context, { rejectUnauthorized: tls.trustsAnybody !== true });
}
