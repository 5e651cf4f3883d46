import { GrpcError, grpcCode } from '../../grpc/server.ts';
import type { DowngradeRequest, DowngradeResponse } from '../../proto/etcd-types.ts';
import type { Loose } from '../../proto/load.ts';
import { etcdError } from './errors.ts';
import type { MemberContext } from './service.ts';
import { storageVersion } from './version.ts';

const action = { validate: 0, enable: 1, cancel: 2 } as const;
const versionForm = /^v?(\d+)\.(\d+)(\.\d+)?([-+][0-9A-Za-z.+-]*)?$/;

/** etcd shows a cluster's version as major.minor */
const [major = 0, minor = 0] = storageVersion.split('.').map(Number);
const clusterVersion = `${major}.${minor}`;

/**
 * etcd lets a cluster go back by one minor version. There is no older Kuorum whose data that would be, so a target that
 * etcd would take is refused with the reason; all else is answered as etcd does.
 */
export async function downgrade(context: MemberContext, request: DowngradeRequest): Promise<Loose<DowngradeResponse>> {
  // etcd cancels what may not be there without a word
  if (request.action === action.cancel) return { version: clusterVersion };
  if (request.action !== action.validate && request.action !== action.enable) {
    throw new GrpcError(grpcCode.unknown, 'etcdserver: unknown method');
  }
  const target = versionForm.exec(request.version);
  if (target === null) throw etcdError('downgrade-version-format');
  await context.barrier.wait();
  if (Number(target[1]) !== major || Number(target[2]) !== minor - 1) throw etcdError('downgrade-version');
  throw new GrpcError(
    grpcCode.unimplemented,
    `etcdserver: Kuorum's data has no form for version ${request.version}: a cluster cannot be downgraded`,
  );
}
