import { GrpcError, grpcCode } from '../../grpc/server.ts';
import type { Method, ServerStream } from '../../grpc/server.ts';
import type { HealthCheckRequest, HealthCheckResponse, HealthListResponse } from '../../proto/etcd-services-types.ts';
import type { Loose } from '../../proto/load.ts';
import { streaming, unary } from './service.ts';
import type { MemberContext } from './service.ts';
import { servingStatus } from './serving-status.ts';
import type { ServingStatuses } from './serving-status.ts';

type Stream = ServerStream<HealthCheckRequest, Loose<HealthCheckResponse>>;

/** Tells the status now and at each change, until the client has enough. */
async function watch(statuses: ServingStatuses, stream: Stream, { service }: HealthCheckRequest): Promise<void> {
  let told: number | undefined;
  const tell = (): void => {
    const status = statuses.get(service) ?? servingStatus.serviceUnknown;
    if (status === told) return;
    told = status;
    stream.send({ status });
  };
  tell();
  const stop = statuses.onChange(tell);
  const { signal } = stream;
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  stop();
}

/** As etcd: serving from the start, with or without a leader; `/readyz` is who to ask for more. */
export const healthMethods = (context: MemberContext): Method[] => [
  unary(context, '/grpc.health.v1.Health/Check', ({ service }: HealthCheckRequest) => {
    const status = context.serving.get(service);
    if (status === undefined) throw new GrpcError(grpcCode.notFound, 'unknown service');
    return { status };
  }),
  unary(context, '/grpc.health.v1.Health/List', (): HealthListResponse => {
    const statuses = [...context.serving.all()].map(([name, status]) => [name, { status }] as const);
    return { statuses: Object.fromEntries(statuses) };
  }),
  streaming<HealthCheckRequest, Loose<HealthCheckResponse>>('/grpc.health.v1.Health/Watch', async (stream) => {
    for await (const request of stream.requests) return watch(context.serving, stream, request);
  }),
];
