import { GrpcError, grpcCode } from '../../grpc/server.ts';
import type { ServerStream } from '../../grpc/server.ts';
import type { KeyValue, RangeRequest, RangeStreamResponse } from '../../proto/etcd-types.ts';
import type { Loose } from '../../proto/load.ts';
import { keyBytes, keyName } from '../mvcc/key-name.ts';
import { checkRange } from './request-check.ts';
import { headerOf } from './service.ts';
import type { MemberContext } from './service.ts';

const firstChunkKeys = 10;
const sort = { none: 0, ascend: 1, byKey: 0 } as const;

const sizeOf = (kvs: readonly KeyValue[]): number =>
  kvs.reduce((bytes, { key, value }) => bytes + key.length + value.length, 0);

function check(r: RangeRequest): void {
  checkRange(r);
  // without an order a target means nothing here: as etcd
  const keyOrder = r.sortOrder === sort.none || (r.sortOrder === sort.ascend && r.sortTarget === sort.byKey);
  if (!keyOrder) {
    throw new GrpcError(grpcCode.unimplemented, 'RangeStream does not support custom sort orders');
  }
  if (r.minModRevision || r.maxModRevision || r.minCreateRevision || r.maxCreateRevision) {
    throw new GrpcError(grpcCode.unimplemented, 'RangeStream does not support revision filters');
  }
}

/** As etcd: so that a chunk comes near the size wanted. */
function nextChunkKeys(keys: number, bytes: number, wantedBytes: number): number {
  if (bytes < wantedBytes / 2) return keys * 2;
  return bytes > wantedBytes * 2 ? Math.max(1, Math.floor(keys / 2)) : keys;
}

/**
 * A range in chunks, all of one revision: that of the first, unless the request names one. The last chunk alone has
 * header, `more` and `count`. A client that does not read is waited for, and nothing is held for it.
 */
export async function rangeStream(
  context: MemberContext,
  stream: ServerStream<RangeRequest, Loose<RangeStreamResponse>>,
  request: RangeRequest,
): Promise<void> {
  check(request);
  if (!request.serializable) await context.barrier.wait();
  const { maxRequestBytes } = context.limits;
  const wanted = request.limit > 0 ? request.limit : Infinity;
  const head = context.machine.state.mvcc.revision;
  const revision = request.revision || head;
  // this also refuses a revision that is not there
  const countAll = (): number => context.machine.state.mvcc.range({ ...request, revision, countOnly: true }).count;
  const { auth } = context;
  const count = auth.enabled ? await auth.read(stream, (access) => access.range(request), countAll) : countAll();
  const header = headerOf(context, head);
  if (request.countOnly) {
    stream.send({ rangeResponse: { header, count } });
    return;
  }
  const byKey = { ...request, sortTarget: sort.byKey, sortOrder: sort.none };
  let { key } = request;
  let chunkKeys = firstChunkKeys;
  for (let sent = 0; !stream.signal.aborted;) {
    const limit = Math.min(chunkKeys, wanted - sent);
    const { kvs, more } = context.machine.state.mvcc.range({ ...byKey, key, revision, limit, uncounted: true });
    sent += kvs.length;
    if (!more || sent >= wanted) {
      stream.send({ rangeResponse: { header, kvs, more, count } });
      return;
    }
    stream.send({ rangeResponse: { kvs } });
    await stream.drained();
    key = keyBytes(`${keyName(kvs[kvs.length - 1]!.key)}\0`);
    chunkKeys = nextChunkKeys(limit, sizeOf(kvs), maxRequestBytes);
  }
}
