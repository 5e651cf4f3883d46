/** What can carry a client port: our own server, or @grpc/grpc-js. */
export const grpcServers = ['lean', 'grpc-js'] as const;
export type GrpcServerName = (typeof grpcServers)[number];

/** The environment's word where no flag can be given, as in the replicas of `kuorum up`; throws where it names neither. */
export function grpcServerFrom(environment: Readonly<Record<string, string | undefined>>): GrpcServerName {
  const name = environment['ETCD_GRPC_SERVER'] ?? grpcServers[0];
  const known = grpcServers.find((one) => one === name);
  if (known === undefined) throw new Error(`ETCD_GRPC_SERVER is ${name}: expected one of ${grpcServers.join(', ')}`);
  return known;
}
