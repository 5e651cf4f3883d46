import type { GrpcServer } from '../../grpc/server.ts';
import { clientMethods } from './client-methods.ts';
import { gateway } from './gateway/gateway.ts';
import { httpEndpoints, monitoringEndpoints } from './http-endpoints.ts';
import { withPolicy } from './http-policy.ts';
import { memberDefaults } from './member-options.ts';
import type { EtcdMemberOptions } from './member-options.ts';
import type { MemberPlatform } from './member-platform.ts';
import type { MemberContext } from './service.ts';
import { tellingSlowOnes } from './slow-requests.ts';

/** what a request may be larger than its content; as etcd */
const grpcOverheadBytes = 512 * 1024;

export interface ClientPort {
  /** where clients find it; real ports where 0 was asked for */
  readonly urls: readonly string[];
  /** lets calls under way finish for `graceMs` */
  close(graceMs: number): Promise<void>;
}

function withPort(url: string, port: number): string {
  if (url.startsWith('unix:')) return url;
  const parsed = new URL(url);
  return `${parsed.protocol}//${parsed.hostname}:${port}`;
}

/** Everything that clients may ask: gRPC, the JSON gateway, health and metrics; and those two on ports of their own. */
export async function openClientPort(
  platform: Pick<MemberPlatform, 'serve' | 'serveHttp'>,
  options: EtcdMemberOptions,
  context: MemberContext,
): Promise<ClientPort> {
  const { listenClientUrls, clientTls, connections, log, listenMetricsUrls = [] } = options;
  const { httpPolicy = memberDefaults.httpPolicy, enableGrpcGateway = true } = options;
  const methods = tellingSlowOnes(clientMethods(context), options, context.clock);
  const maxRequestBytes = context.limits.maxRequestBytes + grpcOverheadBytes;
  const http = httpEndpoints(context, enableGrpcGateway ? gateway({ context, methods, maxRequestBytes }) : undefined);
  const onRefused = (remote: string, error: string): void =>
    log.warn({ remote, error }, 'rejected connection on client endpoint');
  const shared = { ...(clientTls && { tls: clientTls }), onRefused };
  const servers: GrpcServer[] = [];
  const close = async (graceMs: number): Promise<void> => {
    await Promise.all(servers.map((server) => server.close(graceMs)));
  };
  try {
    servers.push(
      await platform.serve({
        ...shared,
        urls: listenClientUrls,
        methods,
        ...(connections && { limits: connections }),
        http: withPolicy(httpPolicy, http),
        maxRequestBytes,
      }),
    );
    const [port] = servers;
    if (port?.traffic !== undefined) context.counts.traffic = () => port.traffic!();
    if (listenMetricsUrls.length > 0) {
      const monitoring = { ...shared, urls: listenMetricsUrls, methods: [], http: monitoringEndpoints(context) };
      servers.push(await (platform.serveHttp ?? platform.serve)(monitoring));
    }
  } catch (error) {
    await close(0);
    throw error;
  }
  const ports = servers[0]?.ports ?? [];
  return { urls: listenClientUrls.map((url, i) => withPort(url, ports[i] ?? 0)), close };
}
