import { GrpcError, grpcCode } from '../../grpc/server.ts';
import type { CallContext, Method } from '../../grpc/server.ts';
import type {
  DeleteRangeRequest,
  DeleteRangeResponse,
  LeaseGrantRequest,
  LeaseGrantResponse,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
} from '../../proto/etcd-types.ts';
import type { Loose } from '../../proto/load.ts';
import { etcd } from './command.ts';

/**
 * The member as its own client: services that are made of others call them as if over the wire, so that every check
 * made there (rights above all) holds, with the metadata of the call that is being served.
 */
export class LocalCalls {
  readonly #methods: ReadonlyMap<string, Method>;

  constructor(methods: readonly Method[]) {
    this.#methods = new Map(methods.map((method) => [method.path, method]));
  }

  range(request: Loose<RangeRequest>, call: CallContext): Promise<RangeResponse> {
    return this.#unary('/etcdserverpb.KV/Range', request, call);
  }

  txn(request: Loose<TxnRequest>, call: CallContext): Promise<TxnResponse> {
    return this.#unary('/etcdserverpb.KV/Txn', request, call);
  }

  deleteRange(request: Loose<DeleteRangeRequest>, call: CallContext): Promise<DeleteRangeResponse> {
    return this.#unary('/etcdserverpb.KV/DeleteRange', request, call);
  }

  leaseGrant(request: Loose<LeaseGrantRequest>, call: CallContext): Promise<LeaseGrantResponse> {
    return this.#unary('/etcdserverpb.Lease/LeaseGrant', request, call);
  }

  async #unary<Req, Res>(path: string, request: Loose<Req>, call: CallContext): Promise<Res> {
    const method = this.#methods.get(path);
    const wire = etcd.methods.get(path);
    if (method?.kind !== 'unary' || wire === undefined) {
      throw new GrpcError(grpcCode.unimplemented, `unknown method ${path}`);
    }
    const asked: unknown = method.request.decode(wire.request.encode(request as never));
    const answer: unknown = await method.handle(asked, call);
    return wire.response.decode(method.response.encode(answer)) as Res;
  }
}
