import { messageOf } from '../../base/message-of.ts';
import { rfc3339, sleep, type Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { APIService, APIServiceCondition } from '../../api/types/apiregistration-v1.ts';
import type { APIResourceList } from '../../api/types/meta-v1.ts';
import type { LiveObjects } from '../flowcontrol/flow-controller.ts';
import type { KubeObject, RequestContext, ResourceInfo } from '../pipeline.ts';
import type { InternalObjectStore } from '../object-store.ts';
import { localApiServices, managedLabel } from './local-api-services.ts';
import { ApiProxy } from './proxy.ts';
import { RemoteConnections, userHeaders, type ProxyIdentity } from './remote-connections.ts';
import { byPriority, resourcesOf } from './remote-discovery.ts';
import { RemoteServices, type RemoteService } from './remote-services.ts';
import { endpointOf, NoEndpoint } from './service-endpoint.ts';

const group = 'apiregistration.k8s.io';
const resource = 'apiservices';
/** changes are looked for so often; what others say of themselves is asked anew after `recheckMs` */
const lookMs = 250;
const recheckMs = 10_000;
const askTimeoutMs = 5_000;
/** an administrator, to whom every server tells what it serves */
const ownUser = { name: 'system:kube-aggregator', groups: ['system:masters'] };

export interface AggregatorOptions {
  readonly services: LiveObjects<APIService>;
  /** counts changes of Services and their endpoints */
  readonly endpointChanges: () => number;
  readonly store: InternalObjectStore;
  /** removes an API service that is not ours to answer any more */
  readonly remove: (name: string) => Promise<void>;
  readonly identity: ProxyIdentity | undefined;
  /** what this server answers itself */
  readonly local: () => readonly ResourceInfo[];
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * APIs that other servers answer: keeps what is known of them, and hands requests on. Also keeps the objects that
 * stand for the APIs of this server.
 */
export class Aggregator {
  readonly #options: AggregatorOptions;
  readonly #remotes: RemoteServices;
  readonly #connections: RemoteConnections;
  readonly #proxy: ApiProxy;
  readonly #ended = new AbortController();
  #resources = new Map<string, readonly ResourceInfo[]>();
  #served: readonly ResourceInfo[] = [];
  #localKnown: readonly ResourceInfo[] | undefined;
  #running: Promise<void> | undefined;

  constructor(options: AggregatorOptions) {
    const { store, log, services, identity } = options;
    this.#options = options;
    this.#remotes = new RemoteServices(services);
    this.#connections = new RemoteConnections(identity);
    this.#proxy = new ApiProxy({ connections: this.#connections, store, log });
  }

  /** The resources of all other servers that answer; the same array while nothing changes. */
  get served(): readonly ResourceInfo[] {
    return this.#served;
  }

  /** What answers this request elsewhere. Paths that this server answers itself are always its own. */
  remoteFor({ info }: RequestContext): RemoteService | undefined {
    if (this.#remotes.isEmpty) return undefined;
    const [root, group = '', version = '', inner = '', last = ''] = info.path.split('/').filter((part) => part !== '');
    if (root === 'apis') return version === '' ? undefined : this.#find(group, version);
    const isDocument = root === 'openapi' && group === 'v3' && version === 'apis';
    return isDocument ? this.#find(inner, last) : undefined;
  }

  #find(group: string, version: string): RemoteService | undefined {
    const remote = this.#remotes.find(group, version);
    if (remote === undefined) return undefined;
    const isLocal = this.#options.local().some((info) => info.group === group && info.version === version);
    return isLocal ? undefined : remote;
  }

  handle(ctx: RequestContext, remote: RemoteService): Promise<void> {
    return this.#proxy.handle(ctx, remote);
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#ended.abort(new Error('the server stops'));
    await this.#running;
    await this.#connections.close();
  }

  async #run(): Promise<void> {
    const { clock, log, services, endpointChanges } = this.#options;
    const { signal } = this.#ended;
    let [seen, checkedMs] = ['', -Infinity];
    while (!signal.aborted) {
      const now = `${services.changes}/${endpointChanges()}`;
      try {
        await this.keepLocal();
        if (now !== seen || clock.monotonicMs() - checkedMs >= recheckMs) {
          await this.#checkAll();
          [seen, checkedMs] = [now, clock.monotonicMs()];
        }
      } catch (error) {
        log.debug({ err: error }, 'API services were not looked at');
      }
      await sleep(lookMs, clock, signal).catch(() => {});
    }
  }

  /** APIServices say which APIs this server has itself; those of definitions that are gone go. */
  async keepLocal(): Promise<void> {
    const { local, store, remove } = this.#options;
    const served = local();
    if (served === this.#localKnown) return;
    const wanted = new Map(localApiServices(served).map((object) => [object.metadata?.name ?? '', object]));
    const present = await store.list(group, resource);
    const names = new Set(present.map(({ metadata }) => metadata?.name));
    const missing = [...wanted].filter(([name]) => !names.has(name));
    await Promise.all(missing.map(([, object]) => store.ensure(group, resource, object as unknown as KubeObject)));
    for (const { metadata } of present) {
      const name = metadata?.name ?? '';
      if (metadata?.labels?.[managedLabel] === 'true' && !wanted.has(name)) await remove(name);
    }
    this.#localKnown = served;
  }

  async #checkAll(): Promise<void> {
    const remotes = this.#remotes.all().sort(byPriority);
    if (remotes.length === 0 && this.#resources.size === 0) return;
    const found = new Map<string, readonly ResourceInfo[]>();
    await Promise.all(
      remotes.map(async (remote) => {
        const outcome = await this.#check(remote);
        if ('resources' in outcome) found.set(remote.name, outcome.resources);
        await this.#tell(remote, outcome.condition);
      }),
    );
    const before = JSON.stringify([...this.#resources]);
    this.#resources = new Map(remotes.map(({ name }) => [name, found.get(name) ?? []]));
    if (JSON.stringify([...this.#resources]) !== before) this.#served = [...this.#resources.values()].flat();
  }

  async #check(
    remote: RemoteService,
  ): Promise<{ condition: APIServiceCondition; resources: ResourceInfo[] } | { condition: APIServiceCondition }> {
    const { namespace, service, port, version } = remote;
    const failed = (reason: string, message: string): { condition: APIServiceCondition } => ({
      condition: { type: 'Available', status: 'False', reason, message },
    });
    let url = '';
    try {
      const host = await endpointOf(this.#options.store, namespace, service, port);
      url = `https://${host}/apis/${remote.group}/${version}`;
      const answer = await this.#connections.ask(remote, url, {
        method: 'GET',
        body: null,
        headers: { accept: 'application/json', ...userHeaders(ownUser) },
        signal: AbortSignal.any([AbortSignal.timeout(askTimeoutMs), this.#ended.signal]),
        timeoutMs: askTimeoutMs,
      });
      const text = await answer.body.text();
      if (answer.statusCode < 200 || answer.statusCode >= 300) {
        const why = `failing or missing response from ${url}: bad status from ${url}: ${answer.statusCode}`;
        return failed('FailedDiscoveryCheck', why);
      }
      const resources = resourcesOf(remote, JSON.parse(text) as APIResourceList);
      return {
        condition: { type: 'Available', status: 'True', reason: 'Passed', message: 'all checks passed' },
        resources,
      };
    } catch (error) {
      if (error instanceof NoEndpoint) return failed(error.reason, error.message);
      const why = messageOf(error);
      return failed('FailedDiscoveryCheck', `failing or missing response from ${url}: ${why}`);
    }
  }

  /** The condition, where it is not what the object says already. */
  async #tell({ name }: RemoteService, condition: APIServiceCondition): Promise<void> {
    const { store, clock } = this.#options;
    const conditionIn = (object: KubeObject | undefined): APIServiceCondition | undefined =>
      (object as unknown as APIService | undefined)?.status?.conditions?.find(({ type }) => type === 'Available');
    const same = (known: APIServiceCondition | undefined): boolean =>
      known?.status === condition.status && known.reason === condition.reason && known.message === condition.message;
    if (same(conditionIn(await store.get(group, resource, '', name)))) return;
    await store.changeStatus(group, resource, '', name, (current) => {
      const known = conditionIn(current);
      if (same(known)) return current;
      const isTurn = known?.status !== condition.status;
      const lastTransitionTime = isTurn ? rfc3339(clock.nowMs()) : known.lastTransitionTime;
      const { conditions = [] } = (current['status'] ?? {}) as { conditions?: APIServiceCondition[] };
      const others = conditions.filter(({ type }) => type !== 'Available');
      return { ...current, status: { conditions: [...others, { ...condition, lastTransitionTime }] } };
    });
  }

  /** Group versions that OpenAPI v3 shows besides, and where. */
  openApiPaths(): Record<string, { serverRelativeURL: string }> {
    const shown = this.#remotes.all().filter(({ available }) => available);
    return Object.fromEntries(
      shown.map((remote) => {
        const path = `apis/${remote.group}/${remote.version}`;
        return [path, { serverRelativeURL: `/openapi/v3/${path}` }];
      }),
    );
  }
}
