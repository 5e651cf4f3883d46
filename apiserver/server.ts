import { sleep, systemClock } from '../base/clock.ts';
import { createLog, type Log } from '../base/log.ts';
import type { Aggregator } from './aggregation/aggregator.ts';
import { authenticationConfigMapHook } from './aggregation/authentication-config-map.ts';
import { createAggregator } from './aggregation/create-aggregator.ts';
import { KubeletConnections } from './kubelet/kubelet-connections.ts';
import { AdmissionChain } from './admission/admission.ts';
import { chosenPlugins } from './admission/plugins.ts';
import { WebhookMetrics } from './admission/webhook/webhook-metrics.ts';
import { createAuth, type Auth } from './auth/auth.ts';
import { authorizeAs } from './auth/authorization-stage.ts';
import { cachedNodePaths } from './cached-node-paths.ts';
import { startCompactor } from './bootstrap/compactor.ts';
import { namespacesHook } from './bootstrap/namespaces.ts';
import { ServerPresence } from './bootstrap/server-presence.ts';
import { serviceCidrHook } from './bootstrap/service-cidr.ts';
import { discoveryRoutes } from './discovery/discovery-routes.ts';
import { dispatcher } from './dispatch.ts';
import { sendStatus } from './endpoints/answer.ts';
import type { EndpointServices } from './endpoints/resource-request.ts';
import { createFairness, type Fairness } from './flowcontrol/fairness.ts';
import { addFlowMetrics } from './flowcontrol/flow-routes.ts';
import { healthRoutes } from './health/health-routes.ts';
import { ApiServerMetrics } from './health/metrics.ts';
import { versionRoutes } from './health/version.ts';
import { HookRunner } from './hook-runner.ts';
import { InternalObjectStore } from './object-store.ts';
import { openApiRoutes } from './openapi/openapi-routes.ts';
import type { HealthCheck, ObjectStore, RequestContext } from './pipeline.ts';
import { tablePrinter } from './printers/table-printer.ts';
import { endpoints } from './registry/core/endpoints.ts';
import { enablement, joined, onlyEnabled } from './registry/enablement.ts';
import { IpRange } from './registry/core/ip-range.ts';
import { ServiceAddresses } from './registry/core/service-addresses.ts';
import { services as servicesEntry } from './registry/core/services.ts';
import { endpointslices } from './registry/discovery/endpointslices.ts';
import { servicecidrs } from './registry/networking/servicecidrs.ts';
import { DefinitionController } from './custom/definition-controller.ts';
import { definitionLifecycle } from './custom/definition-lifecycle.ts';
import { DefinitionSource } from './custom/definition-source.ts';
import { nameConverter } from './custom/stored-form.ts';
import { WebhookConverter } from './custom/webhook-converter.ts';
import { customresourcedefinitions } from './registry/apiextensions/customresourcedefinitions.ts';
import { ResourceCatalog } from './registry/catalog.ts';
import type { ApiServerOptions } from './server-options.ts';
import { EncryptingEtcdClient } from './storage/encryption/encrypting-etcd-client.ts';
import type { EtcdClient } from './storage/etcd-client.ts';
import { GrpcEtcdClient } from './storage/grpc-etcd-client.ts';
import { SharedLeases } from './storage/shared-leases.ts';
import { keyPrefixOf, Storages } from './storages.ts';
import { statusErrorOf } from './transport/error-status.ts';
import type { HttpReply } from './transport/http-reply.ts';
import { HttpServer } from './transport/http-server.ts';
import { requestDeadline, requestTimeoutMsDefault } from './transport/request-deadline.ts';

export type { ApiServerOptions };

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
  const client = options.etcdClient ?? new GrpcEtcdClient({ servers: options.etcdServers, tls: options.etcdTls, log });
  if (options.encryption === undefined) return client;
  return new EncryptingEtcdClient(client, keyPrefixOf(options.etcdPrefix ?? etcdPrefixDefault), options.encryption);
}

function createCatalog(storages: Storages, objects: () => ObjectStore, log: Log): ResourceCatalog {
  const source = new DefinitionSource({
    storage: storages.of(customresourcedefinitions),
    converterOf: ({ spec: { conversion } }) =>
      conversion?.strategy === 'Webhook' && conversion.webhook
        ? new WebhookConverter(conversion.webhook, objects())
        : nameConverter,
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
  fairness: Fairness,
  log: Log,
): Auth {
  return createAuth({
    ...options,
    log,
    fairness: fairness.stage,
    nodePaths: cachedNodePaths(storages),
    store: objects,
    nowMs: () => systemClock.nowMs(),
    serves: (group, resource) => catalog.entryOfGroup(group, resource) !== undefined,
  });
}

interface Foundation {
  readonly client: EtcdClient;
  readonly storages: Storages;
  readonly objects: InternalObjectStore;
  readonly auth: Auth;
  readonly range: IpRange;
  readonly options: ApiServerOptions;
  readonly metrics: ApiServerMetrics;
  readonly log: Log;
}

function createServices(foundation: Foundation): EndpointServices {
  const { client, storages, objects, auth, range, options, metrics, log } = foundation;
  const webhookMetrics = new WebhookMetrics(metrics.registry);
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
      ...chosenPlugins(options.admission).map(({ make }) =>
        make({
          store: objects,
          authorizer: auth.authorizer,
          changeStatus: (...change) => objects.changeStatus(...change),
          nowMs: () => systemClock.nowMs(),
          webhookMetrics,
          ...(options.admission?.podSecurity && { podSecurity: options.admission.podSecurity }),
        }),
      ),
      ...auth.admission,
    ]),
    kubelets: new KubeletConnections(options.kubeletClient ?? {}, objects),
    ...(options.watchSecondsMin !== undefined && { watchSecondsMin: options.watchSecondsMin }),
    ...(options.eventTtlSeconds !== undefined && { eventTtlSeconds: options.eventTtlSeconds }),
    ...(options.serviceAccounts?.signingKey !== undefined &&
      tokens && {
        mintToken: (request, namespace, account, warn) => tokens.mint(request, namespace, account, warn),
      }),
    allocators: {
      serviceAddresses: new ServiceAddresses({
        client,
        range,
        ...(options.serviceNodePorts && { nodePorts: options.serviceNodePorts }),
        prefix: storages.prefix,
        services: storages.of(servicesEntry).store.cache,
      }),
    },
  };
}

function createMetrics(storages: Storages, catalog: ResourceCatalog, { controller }: Fairness): ApiServerMetrics {
  const metrics = new ApiServerMetrics({
    objectCounts: () => storages.counts(catalog),
    serves: (group, version, resource) => catalog.servedInfo(group, version, resource) !== undefined,
  });
  if (controller !== undefined) addFlowMetrics(metrics.registry, controller);
  return metrics;
}

interface Routing {
  readonly auth: Auth;
  readonly services: EndpointServices;
  readonly metrics: ApiServerMetrics;
  readonly checks: readonly HealthCheck[];
  readonly serverAddress: string;
  readonly strictTransportSecurity: string | undefined;
  readonly catalog: ResourceCatalog;
  readonly enables: ReturnType<typeof enablement>;
  readonly fairness: Fairness;
  readonly aggregator: Aggregator;
  readonly requestTimeoutMs: number;
  readonly log: Log;
}

/** What answers a request, however it fails. */
function createHandler(routing: Routing): (ctx: RequestContext, reply: HttpReply) => Promise<void> {
  const { auth, services, metrics, checks, serverAddress, catalog, enables, fairness, aggregator, log } = routing;
  const shown = onlyEnabled(() => catalog.served, enables);
  const discovered = joined(shown, () => aggregator.served);
  const dispatch = dispatcher({
    stages: [requestDeadline(routing.requestTimeoutMs), ...auth.stages],
    reviews: auth.reviews,
    services,
    catalog,
    enables,
    aggregator,
    routes: [
      ...discoveryRoutes({ served: discovered, catchUp: () => catalog.catchUp(), serverAddress }),
      ...openApiRoutes({
        served: shown,
        elsewhere: () => aggregator.openApiPaths(),
        catchUp: () => catalog.catchUp(),
      }),
      ...healthRoutes({ checks: () => checks, log, sleep: (ms, signal) => sleep(ms, systemClock, signal) }),
      ...versionRoutes(),
      ...metrics.routes(),
      ...fairness.routes,
      ...(auth.serviceAccountTokens?.routes() ?? []),
    ],
  });
  const { strictTransportSecurity } = routing;
  return async (ctx, reply) => {
    metrics.began(ctx);
    if (strictTransportSecurity !== undefined) reply.header('strict-transport-security', strictTransportSecurity);
    try {
      await dispatch(ctx);
    } catch (error) {
      refuse(ctx, error, log);
    }
    metrics.ended(ctx, reply.code, systemClock.monotonicMs() - ctx.startedMs, reply.bytes);
  };
}

function createHttpServer(options: ApiServerOptions, host: string, log: Log, routing: Routing): HttpServer {
  return new HttpServer({
    host,
    port: options.securePort,
    tls: options.tls,
    ...(options.streamsPerConnection !== undefined && { streamsPerConnection: options.streamsPerConnection }),
    ...(options.goawayChance !== undefined && { goawayChance: options.goawayChance }),
    authorities: [options.clientCa, options.requestHeader?.clientCa].filter((pem) => pem !== undefined),
    log,
    handle: createHandler(routing),
    refuse: (ctx, error) => refuse(ctx, error, log),
  });
}

type PresenceParts = Pick<Foundation, 'client' | 'storages' | 'objects' | 'range' | 'options' | 'log'>;

function createPresence(parts: PresenceParts, host: string, port: number): ServerPresence {
  const { client, storages, objects, range, options, log } = parts;
  return new ServerPresence({
    client,
    log,
    objects,
    prefix: storages.prefix,
    self: { host: options.advertiseAddress ?? host, port: options.advertisePort ?? port },
    clusterIp: range.at(1),
    endpoints: storages.of(endpoints),
    slices: storages.of(endpointslices),
  });
}

/** Starts at once, whether the store answers or not; until it does, /readyz says so and requests get 503. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const log = options.log ?? createLog('apiserver');
  const host = options.bindAddress ?? '127.0.0.1';
  const range = new IpRange(options.serviceClusterIpRange ?? serviceRangeDefault);
  const client = connect(options, log);
  const storages = new Storages(client, options.etcdPrefix ?? etcdPrefixDefault, systemClock, log);
  const catalog = createCatalog(storages, () => objects, log);
  const objects = new InternalObjectStore(() => services, catalog);
  const fairness = createFairness(options.limits, storages, log);
  const enables = enablement(options.runtimeConfig);
  const local = onlyEnabled(() => catalog.served, enables);
  const aggregator = createAggregator({ storages, objects, local, identity: options.proxyClient, log });
  const auth = createAuthFor(options, objects, catalog, storages, fairness, log);
  const metrics = createMetrics(storages, catalog, fairness);
  const services = createServices({ client, storages, objects, auth, range, options, metrics, log });
  let stopped: Promise<void> | undefined;
  let presence: ServerPresence | undefined;
  const hooks = createHooks(storages, auth, aggregator, () => presence?.start() ?? Promise.resolve(), options, log);
  const server = createHttpServer(options, host, log, {
    auth,
    services,
    log,
    catalog,
    fairness,
    aggregator,
    enables,
    metrics,
    checks: [...healthChecks(client, storages, () => stopped !== undefined), ...hooks.checks],
    serverAddress: `${options.externalHostname ?? host}:${options.securePort}`,
    strictTransportSecurity: options.strictTransportSecurity,
    requestTimeoutMs: options.requestTimeoutMs ?? requestTimeoutMsDefault,
  });
  const disconnect = (): Promise<void> => (options.etcdClient === undefined ? client.close() : Promise.resolve());
  await server.listen().catch((error: unknown) => disconnect().then(() => Promise.reject(error as Error)));
  presence = createPresence({ client, storages, objects, range, options, log }, host, server.port);
  storages.start();
  const stopCompactor = startCompactor(client, log);
  const definitions = startDefinitions(storages, objects, log);
  const started = hooks.run(objects);
  fairness.start(objects);
  aggregator.start();
  log.info({ host, port: server.port }, 'serving the Kubernetes API');

  const stop = async (graceMs: number): Promise<void> => {
    // /readyz fails from now on: whoever sends clients here has so long to notice
    await sleep(options.shutdownDelayMs ?? 0);
    hooks.stop();
    fairness.stop();
    stopCompactor();
    const leave = Promise.race([presence.stop(), sleep(graceMs)]);
    await Promise.all([server.close(graceMs), leave.catch(() => {}), started, definitions.stop(), aggregator.stop()]);
    storages.stop();
    await services.kubelets?.close();
    await options.audit?.sink.close();
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

function createHooks(
  storages: Storages,
  auth: Auth,
  aggregator: Aggregator,
  startPresence: () => Promise<void>,
  options: ApiServerOptions,
  log: Log,
): HookRunner {
  return new HookRunner(
    [
      { name: 'start-watch-caches', run: () => waitReady(storages) },
      namespacesHook,
      { name: 'apiservice-registration-controller', run: () => aggregator.keepLocal() },
      ...auth.hooks,
      authenticationConfigMapHook(options),
      serviceCidrHook(storages.of(servicecidrs), options.serviceClusterIpRange ?? serviceRangeDefault),
      { name: 'bootstrap-controller', run: startPresence },
    ],
    log,
  );
}

async function waitReady(storages: Storages): Promise<void> {
  if (!storages.ready) throw new Error('watch caches are not filled yet');
}
