import type { CallCounts, MemberCounts } from './member-counts.ts';
import { metric } from './metrics-text.ts';
import type { Labels } from './metrics-text.ts';

/** by status code */
const codeNames = [
  'OK', 'Canceled', 'Unknown', 'InvalidArgument', 'DeadlineExceeded', 'NotFound', 'AlreadyExists', 'PermissionDenied',
  'ResourceExhausted', 'FailedPrecondition', 'Aborted', 'OutOfRange', 'Unimplemented', 'Internal', 'Unavailable',
  'DataLoss', 'Unauthenticated',
]; // prettier-ignore

function labelsOf({ path, kind }: CallCounts): Labels {
  const [, service = '', method = ''] = path.split('/');
  return { grpc_method: method, grpc_service: service, grpc_type: kind.replace('-', '_') };
}

/** Under the names of go-grpc-prometheus, which etcd uses. */
export function callMetrics({ calls, healthChecks, probes }: MemberCounts): string {
  const started = calls.map((counts) => [labelsOf(counts), counts.started] as const);
  const handled = calls.flatMap((counts) =>
    counts.handled.flatMap((count, code) =>
      code === 0 || count > 0 ? [[{ grpc_code: codeNames[code] ?? '', ...labelsOf(counts) }, count] as const] : [],
    ),
  );
  const checks = [...probes];
  return [
    metric('grpc_server_started_total', 'counter', 'Calls begun.', started),
    metric('grpc_server_handled_total', 'counter', 'Calls that have ended, by their outcome.', handled),
    metric('etcd_server_health_success', 'counter', 'Answers of /health that all is well.', [[{}, healthChecks.good]]),
    metric('etcd_server_health_failures', 'counter', 'Answers of /health that it is not.', [[{}, healthChecks.bad]]),
    metric(
      'etcd_server_healthcheck',
      'gauge',
      'The last outcome of each check. 1: well.',
      checks.map(({ kind, name, last }) => [{ type: kind, name }, Number(last)] as const),
    ),
    metric(
      'etcd_server_healthchecks_total',
      'counter',
      'Checks made.',
      checks.flatMap(({ kind, name, good, bad }) => [
        [{ type: kind, name, status: 'success' }, good] as const,
        [{ type: kind, name, status: 'error' }, bad] as const,
      ]),
    ),
  ].join('');
}
