import { sleep, systemClock } from '../base/clock.ts';
import { createLog, type Log } from '../base/log.ts';
import { AdmissionChain } from './admission/admission.ts';
import { chosenPlugins } from './admission/plugins.ts';
import { createAuth, type Auth } from './auth/auth.ts';
import { authorizeAs } from './auth/authorization-stage.ts';
import { cachedNodePaths } from './cached-node-paths.ts';
import { startCompactor } from './bootstrap/compactor.ts';
import { namespacesHook } from './bootstrap/namespaces.ts';
import { ServerPresence } from './bootstrap/server-presence.ts';
import { discoveryRoutes } from './discovery/discovery-routes.ts';
import { dispatcher } from './dispatch.ts';
import { sendStatus } from './endpoints/answer.ts';
import type { EndpointServices } from './endpoints/resource-request.ts';
import { healthRoutes } from './health/health-routes.ts';
import { ApiServerMetrics } from './health/metrics.ts';
import { versionRoutes } from './health/version.ts';
import { HookRunner } from './hook-runner.ts';
import { InternalObjectStore } from './object-store.ts';
import { openApiRoutes } from './openapi/openapi-routes.ts';
import type { HealthCheck, ObjectStore, RequestContext } from './pipeline.ts';
import { tablePrinter } from './printers/table-printer.ts';
import { endpoints } from './registry/core/endpoints.ts';
import { IpRange } from './registry/core/ip-range.ts';
import { ServiceAddresses } from './registry/core/service-addresses.ts';
import { services as servicesEntry } from './registry/core/services.ts';
import { endpointslices } from './registry/discovery/endpointslices.ts';
import { DefinitionController } from './custom/definition-controller.ts';
import { definitionLifecycle } from './custom/definition-lifecycle.ts';
import { DefinitionSource } from './custom/definition-source.ts';
import { nameConverter } from './custom/stored-form.ts';
import { customresourcedefinitions } from './registry/apiextensions/customresourcedefinitions.ts';
import { ResourceCatalog } from './registry/catalog.ts';
import type { EtcdTls } from './storage/etcd-channel.ts';
import type { EtcdClient } from './storage/etcd-client.ts';
import { GrpcEtcdClient } from './storage/grpc-etcd-client.ts';
import { SharedLeases } from './storage/shared-leases.ts';
import { Storages } from './storages.ts';
import { statusErrorOf } from './transport/error-status.ts';
import type { HttpReply } from './transport/http-reply.ts';
import { HttpServer } from './transport/http-server.ts';

/** Texts are PEM. */
export interface ApiServerOptions {
  /** the own member first */
  readonly etcdServers: readonly string[];
  readonly etcdTls?: EtcdTls;
  /** default `/registry` */
  readonly etcdPrefix?: string;
  /** instead of etcdServers, for tests */
  readonly etcdClient?: EtcdClient;
  /** default 127.0.0.1 */
  readonly bindAddress?: string;
  /** 0: any free port */
  readonly securePort: number;
  /** what clients and the endpoints of the service `kubernetes` are told; default: where it listens */
  readonly advertiseAddress?: string;
  readonly advertisePort?: number;
  readonly tls: { readonly cert: string; readonly key: string };
  readonly clientCa: string;
  /** default 10.96.0.0/16 */
  readonly serviceClusterIpRange?: string;
  /** a token file's contents, as --token-auth-file */
  readonly tokenFile?: { readonly text: string; readonly name: string };
  /** the key of service accounts' tokens, as --service-account-signing-key-file; without it there are no tokens */
  readonly serviceAccounts?: {
    readonly signingKey: string;
    /** public keys of tokens that others have signed, as --service-account-key-file */
    readonly verifyKeys?: readonly string[];
    readonly issuer?: string;
    readonly audiences?: readonly string[];
  };
  readonly log?: Log;
}

export interface ApiServer {
  readonly port: number;
  /** Ends watches and lets requests under way finish for `graceMs`. */
  stop(graceMs?: number): Promise<void>;
}

const etcdPrefixDefault = '/registry';
const serviceRangeDefault = '10.96.0.0/16';
const graceMsDefault = 2_000;

function healthChecks(client: EtcdClient, storages: Storages, isStopping: () => boolean): HealthCheck[] {
  return [
    {
      name: 'etcd',
      paths: ['/livez', '/readyz'],
      check: async () => {
        await client.range({ key: `${storages.prefix}health`, limit: 1 });
      },
    },
    {
      name: 'informer-sync',
      paths: ['/readyz'],
      check: () => {
        if (!storages.ready) throw new Error('watch caches are not filled yet');
      },
    },
    {
      name: 'shutdown',
      paths: ['/readyz'],
      check: () => {
        if (isStopping()) throw new Error('process is shutting down');
      },
    },
  ];
}

/** Every error becomes a Status; what is ours to mend also becomes a line in the log. */
function refuse(ctx: RequestContext, error: unknown, log: Log): void {
  const status = statusErrorOf(error);
  if (status.reason === 'InternalError') {
    log.error({ err: error, verb: ctx.info.verb, path: ctx.info.path, requestId: ctx.requestId }, 'request failed');
  }
  if (!ctx.reply.sent) sendStatus(ctx, status.status);
}

function connect(options: ApiServerOptions, log: Log): EtcdClient {
  return options.etcdClient ?? new GrpcEtcdClient({ servers: options.etcdServers, tls: options.etcdTls, log });
}

function createCatalog(storages: Storages, log: Log): ResourceCatalog {
  const source = new DefinitionSource({
    storage: storages.of(customresourcedefinitions),
    converterOf: () => nameConverter,
    onChange: (custom) => storages.retain(custom),
    log,
  });
  return new ResourceCatalog(source);
}

function createAuthFor(
  options: ApiServerOptions,
  objects: ObjectStore,
  catalog: ResourceCatalog,
  storages: Storages,
): Auth {
  return createAuth({
    nodePaths: cachedNodePaths(storages),
    store: objects,
    nowMs: () => systemClock.nowMs(),
    serves: (group, resource) => catalog.entryOfGroup(group, resource) !== undefined,
    ...(options.tokenFile && { tokenFile: options.tokenFile }),
    ...(options.serviceAccounts && { serviceAccounts: options.serviceAccounts }),
  });
}

interface Foundation {
  readonly client: EtcdClient;
  readonly storages: Storages;
  readonly objects: InternalObjectStore;
  readonly auth: Auth;
  readonly range: IpRange;
  readonly log: Log;
}

function createServices({ client, storages, objects, auth, range, log }: Foundation): EndpointServices {
  const { serviceAccountTokens: tokens } = auth;
  return {
    clock: systemClock,
    log,
    printer: tablePrinter,
    leases: new SharedLeases(client, systemClock),
    storageOf: (entry) => storages.of(entry),
    authorize: (ctx, verb) => authorizeAs(auth.authorizer, ctx, verb),
    admission: new AdmissionChain([
      definitionLifecycle,
      ...chosenPlugins().map(({ make }) =>
        make({
          store: objects,
          authorizer: auth.authorizer,
          changeStatus: (...change) => objects.changeStatus(...change),
          nowMs: () => systemClock.nowMs(),
        }),
      ),
      ...auth.admission,
    ]),
    ...(tokens && { mintToken: (request, namespace, account) => tokens.mint(request, namespace, account) }),
    allocators: {
      serviceAddresses: new ServiceAddresses({
        client,
        range,
        prefix: storages.prefix,
        services: storages.of(servicesEntry).store.cache,
      }),
    },
  };
}

function createMetrics(storages: Storages, catalog: ResourceCatalog): ApiServerMetrics {
  return new ApiServerMetrics({
    objectCounts: () => storages.counts(catalog),
    serves: (group, version, resource) => catalog.servedInfo(group, version, resource) !== undefined,
  });
}

interface Routing {
  readonly auth: Auth;
  readonly services: EndpointServices;
  readonly metrics: ApiServerMetrics;
  readonly checks: readonly HealthCheck[];
  readonly serverAddress: string;
  readonly catalog: ResourceCatalog;
  readonly log: Log;
}

/** What answers a request, however it fails. */
function createHandler(routing: Routing): (ctx: RequestContext, reply: HttpReply) => Promise<void> {
  const { auth, services, metrics, checks, serverAddress, catalog, log } = routing;
  const dispatch = dispatcher({
    stages: auth.stages,
    reviews: auth.reviews,
    services,
    catalog,
    routes: [
      ...discoveryRoutes({ served: () => catalog.served, catchUp: () => catalog.catchUp(), serverAddress }),
      ...openApiRoutes({ served: () => catalog.served, catchUp: () => catalog.catchUp() }),
      ...healthRoutes({ checks: () => checks, log, sleep: (ms, signal) => sleep(ms, systemClock, signal) }),
      ...versionRoutes(),
      ...metrics.routes(),
      ...(auth.serviceAccountTokens?.routes() ?? []),
    ],
  });
  return async (ctx, reply) => {
    metrics.began(ctx);
    try {
      await dispatch(ctx);
    } catch (error) {
      refuse(ctx, error, log);
    }
    metrics.ended(ctx, reply.code, systemClock.monotonicMs() - ctx.startedMs, reply.bytes);
  };
}

/** Starts at once, whether the store answers or not; until it does, /readyz says so and requests get 503. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const log = options.log ?? createLog('apiserver');
  const host = options.bindAddress ?? '127.0.0.1';
  const range = new IpRange(options.serviceClusterIpRange ?? serviceRangeDefault);
  const client = connect(options, log);
  const storages = new Storages(client, options.etcdPrefix ?? etcdPrefixDefault, systemClock, log);
  const catalog = createCatalog(storages, log);
  const objects = new InternalObjectStore(() => services, catalog);
  const auth = createAuthFor(options, objects, catalog, storages);
  const services = createServices({ client, storages, objects, auth, range, log });
  let stopped: Promise<void> | undefined;
  let presence: ServerPresence | undefined;
  const hooks = new HookRunner(
    [
      { name: 'start-watch-caches', run: () => waitReady(storages) },
      namespacesHook,
      ...auth.hooks,
      { name: 'bootstrap-controller', run: () => presence?.start() ?? Promise.resolve() },
    ],
    log,
  );
  const server = new HttpServer({
    host,
    port: options.securePort,
    ...options.tls,
    clientCa: options.clientCa,
    handle: createHandler({
      auth,
      services,
      log,
      catalog,
      metrics: createMetrics(storages, catalog),
      checks: [...healthChecks(client, storages, () => stopped !== undefined), ...hooks.checks],
      serverAddress: `${host}:${options.securePort}`,
    }),
    refuse: (ctx, error) => refuse(ctx, error, log),
  });
  const disconnect = (): Promise<void> => (options.etcdClient === undefined ? client.close() : Promise.resolve());
  await server.listen().catch((error: unknown) => disconnect().then(() => Promise.reject(error as Error)));
  presence = new ServerPresence({
    client,
    log,
    objects,
    prefix: storages.prefix,
    self: { host: options.advertiseAddress ?? host, port: options.advertisePort ?? server.port },
    clusterIp: range.at(1),
    endpoints: storages.of(endpoints),
    slices: storages.of(endpointslices),
  });
  storages.start();
  const stopCompactor = startCompactor(client, log);
  const definitions = startDefinitions(storages, objects, log);
  const started = hooks.run(objects);
  log.info({ host, port: server.port }, 'serving the Kubernetes API');

  const stop = async (graceMs: number): Promise<void> => {
    hooks.stop();
    stopCompactor();
    const leave = Promise.race([presence.stop(), sleep(graceMs)]);
    await Promise.all([server.close(graceMs), leave.catch(() => {}), started, definitions.stop()]);
    storages.stop();
    await disconnect();
  };
  return {
    port: server.port,
    stop: (graceMs = graceMsDefault) => (stopped ??= stop(graceMs)),
  };
}

function startDefinitions(storages: Storages, objects: InternalObjectStore, log: Log): DefinitionController {
  const storage = storages.of(customresourcedefinitions);
  const definitions = new DefinitionController({ storage, objects, clock: systemClock, log });
  definitions.start();
  return definitions;
}

async function waitReady(storages: Storages): Promise<void> {
  if (!storages.ready) throw new Error('watch caches are not filled yet');
}
