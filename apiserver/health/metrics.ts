/** What Prometheus reads at /metrics, under the names that kube-apiserver uses. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { NonResourceRoute, RequestContext, RequestInfo, RequestObserver } from '../pipeline.ts';
import { isLongRunning } from '../transport/long-running.ts';

export interface MetricsOptions {
  /** resources and how many objects of each the store holds, as far as the watch caches know */
  readonly objectCounts?: () => Iterable<readonly [resource: string, count: number]>;
  /** resources that are served: labels of anything else would let clients fill the memory with series */
  readonly serves: (group: string, version: string, resource: string) => boolean;
}

const durationBuckets = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];

const verbLabels: Readonly<Record<string, string>> = {
  get: 'GET',
  list: 'LIST',
  watch: 'WATCH',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETECOLLECTION',
};
const applyContentType = 'application/apply-patch+yaml';

type Labels = Record<'verb' | 'group' | 'version' | 'resource' | 'subresource' | 'scope', string>;
const requestLabels = ['verb', 'group', 'version', 'resource', 'subresource', 'scope'] as const;

function scopeOf(info: RequestInfo): string {
  if (!info.isResourceRequest) return '';
  if (info.name !== '') return 'resource';
  return info.namespace === '' ? 'cluster' : 'namespace';
}

const readVerbs: ReadonlySet<string> = new Set(['get', 'list', 'watch', 'head']);

/** Counts and times requests. Give it to the server as an observer, and its routes as routes. */
export class ApiServerMetrics implements RequestObserver {
  readonly registry = new Registry();
  readonly #options: MetricsOptions;
  readonly #total: Counter;
  readonly #duration: Histogram;
  readonly #bytes: Histogram;
  readonly #inflight: Gauge;
  readonly #longRunning: Gauge;

  constructor(options: MetricsOptions) {
    this.#options = options;
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.#total = new Counter({
      name: 'apiserver_request_total',
      help: 'Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.',
      labelNames: [...requestLabels, 'dry_run', 'code', 'component'],
      registers,
    });
    this.#duration = new Histogram({
      name: 'apiserver_request_duration_seconds',
      help: 'Response latency distribution in seconds for each verb, group, version, resource, subresource, scope.',
      labelNames: [...requestLabels],
      buckets: durationBuckets,
      registers,
    });
    this.#bytes = new Histogram({
      name: 'apiserver_response_sizes',
      help: 'Response size distribution in bytes for each group, version, verb, resource, subresource, scope.',
      labelNames: [...requestLabels],
      buckets: [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9],
      registers,
    });
    this.#inflight = new Gauge({
      name: 'apiserver_current_inflight_requests',
      help: 'Number of requests now in flight, by kind.',
      labelNames: ['request_kind'],
      registers,
    });
    this.#longRunning = new Gauge({
      name: 'apiserver_longrunning_requests',
      help: 'Number of long-running requests now open: watches and streams.',
      labelNames: [...requestLabels],
      registers,
    });
    this.#addObjectCounts();
  }

  began(ctx: RequestContext): void {
    if (isLongRunning(ctx.info)) this.#longRunning.inc(this.#labels(ctx));
    else this.#inflight.inc({ request_kind: this.#kind(ctx) });
  }

  ended(ctx: RequestContext, code: number, durationMs: number, bytes: number): void {
    const labels = this.#labels(ctx);
    const dryRun = ctx.query.get('dryRun') === 'All' ? 'All' : '';
    this.#total.inc({ ...labels, dry_run: dryRun, code: String(code), component: 'apiserver' });
    if (isLongRunning(ctx.info)) {
      this.#longRunning.dec(labels);
      return;
    }
    this.#inflight.dec({ request_kind: this.#kind(ctx) });
    this.#duration.observe(labels, durationMs / 1000);
    if (readVerbs.has(ctx.info.verb)) this.#bytes.observe(labels, bytes);
  }

  routes(): NonResourceRoute[] {
    return [
      {
        path: '/metrics',
        match: 'exact',
        handle: async (ctx) => {
          ctx.reply.send(200, this.registry.contentType, await this.registry.metrics());
        },
      },
    ];
  }

  #kind(ctx: RequestContext): string {
    return readVerbs.has(ctx.info.verb) ? 'readOnly' : 'mutating';
  }

  #labels(ctx: RequestContext): Labels {
    const { info } = ctx;
    const known = info.isResourceRequest && this.#options.serves(info.group, info.version, info.resource);
    const apply = ctx.method === 'PATCH' && ctx.headers['content-type']?.startsWith(applyContentType);
    return {
      verb: apply ? 'APPLY' : (verbLabels[info.verb] ?? 'other'),
      group: known ? info.group : '',
      version: known ? info.version : '',
      resource: known ? info.resource : '',
      subresource: known && /^[a-z]{1,32}$/.test(info.subresource) ? info.subresource : '',
      scope: scopeOf(info),
    };
  }

  #addObjectCounts(): void {
    const { objectCounts } = this.#options;
    if (objectCounts === undefined) return;
    const counts = new Gauge({
      name: 'apiserver_storage_objects',
      help: 'Number of stored objects at the time of last check split by kind.',
      labelNames: ['resource'],
      registers: [],
      collect() {
        this.reset();
        for (const [resource, count] of objectCounts()) this.set({ resource }, count);
      },
    });
    this.registry.registerMetric(counts);
  }
}
