import { createHash } from 'node:crypto';
import type { Method, ServerStream } from '../../grpc/server.ts';
import type { SnapshotResponse } from '../../proto/etcd-types.ts';
import type { Loose } from '../../proto/load.ts';
import { planBolt, writeBolt } from '../bolt/bolt-writer.ts';
import type { BoltBucket } from '../bolt/bolt-writer.ts';
import { backupBuckets } from './backup-export.ts';
import { etcdError } from './errors.ts';
import { needsLeader, streaming } from './service.ts';
import type { MemberContext } from './service.ts';
import { storageVersion } from './version.ts';

type Stream = ServerStream<unknown, Loose<SnapshotResponse>>;

const blobBytesMax = 64 * 1024;

/** Stops reading where the client has gone. */
const abortable = (bucket: BoltBucket, signal: AbortSignal): BoltBucket => ({
  name: bucket.name,
  async *entries() {
    for await (const batch of bucket.entries()) {
      signal.throwIfAborted();
      yield batch;
    }
  },
});

/** Sends one blob after the other, as the client takes them. */
async function sendBlobs(stream: Stream, blobs: AsyncIterable<Uint8Array>, total: number): Promise<void> {
  const hash = createHash('sha256');
  let remainingBytes = total;
  const send = async (blob: Uint8Array): Promise<void> => {
    if (!stream.send({ remainingBytes, blob, version: storageVersion })) await stream.drained();
    stream.signal.throwIfAborted();
  };
  for await (const chunk of blobs) {
    hash.update(chunk);
    for (let at = 0; at < chunk.length; at += blobBytesMax) {
      const blob = chunk.subarray(at, at + blobBytesMax);
      remainingBytes -= blob.length;
      await send(blob);
    }
  }
  await send(hash.digest());
}

/**
 * The whole store as of one moment, as a bbolt file and 32 bytes of SHA-256 behind it, as etcd sends it. The content is read
 * from the backend twice, in small pieces, and sent as the client takes it: nothing waits for it, and nothing of it is kept.
 */
async function sendSnapshot(context: MemberContext, stream: Stream): Promise<void> {
  const { machine, node, log } = context;
  if (needsLeader(stream) && node.status().leader === '') throw etcdError('no-leader');
  const { snapshot, swept } = await machine.openBackup();
  try {
    const { term, confState } = node.status();
    const buckets = backupBuckets(snapshot, { term, confState, swept });
    const plan = await planBolt(buckets.map((bucket) => abortable(bucket, stream.signal)));
    log.info({ bytes: plan.bytes, peer: stream.peer }, 'sending a snapshot of the store to a client');
    await sendBlobs(stream, writeBolt(plan), plan.bytes);
    log.info({ bytes: plan.bytes, peer: stream.peer }, 'sent a snapshot of the store to a client');
  } finally {
    await snapshot.close();
  }
}

/** Also a learner answers it, as etcd's. */
export const snapshotMethods = (context: MemberContext): Method[] => [
  streaming('/etcdserverpb.Maintenance/Snapshot', (stream: Stream) => sendSnapshot(context, stream)),
];
