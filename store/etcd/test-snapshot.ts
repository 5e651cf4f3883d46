/** For tests: what Maintenance.Snapshot sends, over real gRPC. */
import * as grpc from '@grpc/grpc-js';
import { createHash } from 'node:crypto';
import { systemClock } from '../../base/clock.ts';
import type { SnapshotResponse } from '../../proto/etcd-types.ts';
import { etcd } from './command.ts';

/** busy machines are slow */
const patienceMs = 60_000;
const path = '/etcdserverpb.Maintenance/Snapshot';

/** The responses as they come; whoever does not ask for the next one holds the stream up. */
export async function* snapshotResponses(url: string, metadata = {}): AsyncGenerator<SnapshotResponse> {
  const client = new grpc.Client(new URL(url).host, grpc.credentials.createInsecure());
  const { request, response } = etcd.methods.get(path)!;
  try {
    const call = client.makeServerStreamRequest(
      path,
      (message: object) => Buffer.from(request.encode(message as never)),
      (buffer: Buffer) => response.decode(buffer) as SnapshotResponse,
      {},
      grpc.Metadata.fromHttp2Headers(metadata),
      { deadline: systemClock.nowMs() + patienceMs },
    );
    yield* call as AsyncIterable<SnapshotResponse>;
  } finally {
    client.close();
  }
}

/** The whole file, its checksum checked. */
export async function takeSnapshot(url: string): Promise<Buffer> {
  const blobs: Uint8Array[] = [];
  for await (const { blob, remainingBytes } of snapshotResponses(url)) {
    blobs.push(blob);
    if (blob.length === 0) throw new Error(`an empty blob, ${remainingBytes} bytes remain`);
  }
  const bytes = Buffer.concat(blobs);
  const content = bytes.subarray(0, -32);
  const hash = createHash('sha256').update(content).digest();
  if (content.length % 512 !== 0 || !hash.equals(bytes.subarray(-32))) throw new Error('no SHA-256 at the end');
  return bytes;
}
