import type { Lease } from '../../api/types/coordination-v1.ts';
import type { Node, NodeStatus } from '../../api/types/core-v1.ts';
import { rfc3339Micro, sleep } from '../../base/clock.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { isAlreadyExists, isConflict, isNotFound, messageOf } from '../../client/api-errors.ts';
import { leases, nodes } from '../../client/resources.ts';
import type { KubeClient } from '../../client/types.ts';
import { nodeLabels, nodeObject, nodeStatus } from './node-object.ts';
import type { NodeInput } from './node-object.ts';

export interface NodeAgentOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  /** the node as it is now */
  readonly input: () => NodeInput;
  /** told of the node as the API server has it */
  readonly observed: (node: Node) => void;
  /** how often the status is looked at; it is written when it changed, and each five minutes */
  readonly statusUpdateMs: number;
  readonly leaseMs: number;
}

const leaseDurationSeconds = 40;
const leaseNamespace = 'kube-node-lease';
const statusReportMs = 300_000;
const retryMsFirst = 200;
const retryMsMax = 7000;
const retryMsAfterFailure = 1000;

/** What others act on; times of heartbeats are left out. */
const substanceOf = (status: NodeStatus | undefined): string =>
  JSON.stringify([
    status?.capacity,
    status?.allocatable,
    status?.addresses,
    status?.daemonEndpoints,
    status?.nodeInfo,
    status?.images ?? [],
    status?.conditions?.map(({ type, status: value, reason, message }) => [type, value, reason, message]),
  ]);

/** Registers the node, and tells the API server that it is alive. */
export class NodeAgent {
  readonly #options: NodeAgentOptions;
  readonly #abort = new AbortController();
  #loops: Promise<unknown> = Promise.resolve();
  #node: Node | undefined;
  #lease: Lease | undefined;
  #reportedMs = -Infinity;

  constructor(options: NodeAgentOptions) {
    this.#options = options;
  }

  get node(): Node | undefined {
    return this.#node;
  }

  /** Resolves when the node is registered; retries until then. */
  async start(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#abort;
    for (let delayMs = retryMsFirst; !signal.aborted; delayMs = Math.min(retryMsMax, delayMs * 2)) {
      try {
        await this.#register();
        break;
      } catch (error) {
        log.warn({ error: messageOf(error) }, 'unable to register the node with the API server; will try again');
        await sleep(delayMs, clock, signal).catch(() => {});
      }
    }
    this.#loops = Promise.all([
      this.#each(this.#options.leaseMs, () => this.#renewLease()),
      this.#each(this.#options.statusUpdateMs, () => this.updateStatus()),
    ]);
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error('the kubelet was stopped'));
    await this.#loops;
  }

  async #each(periodMs: number, action: () => Promise<void>): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        await action();
      } catch (error) {
        log.warn({ error: messageOf(error) }, "cannot write the node's heartbeat; will try again");
        await sleep(Math.min(periodMs, retryMsAfterFailure), clock, signal).catch(() => {});
        continue;
      }
      await sleep(periodMs, clock, signal).catch(() => {});
    }
  }

  async #register(): Promise<void> {
    const { client, log, observed } = this.#options;
    const input = this.#options.input();
    try {
      this.#node = await client.resource(nodes).create(nodeObject(input));
      log.info({ node: input.name }, 'registered the node');
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      this.#node = await client.resource(nodes).get(input.name);
      await this.#reconcileLabels(input);
    }
    observed(this.#node);
    this.#reportedMs = -Infinity;
    await this.updateStatus();
  }

  /** A node that was registered before keeps what others gave it, and gets our labels and its CIDR if it has none. */
  async #reconcileLabels(input: NodeInput): Promise<void> {
    const labels = nodeLabels(input);
    const has = this.#node?.metadata?.labels ?? {};
    const needsCidr = input.podCidr !== undefined && !this.#node?.spec?.podCIDR;
    if (!needsCidr && Object.entries(labels).every(([key, value]) => has[key] === value)) return;
    const spec = needsCidr ? { podCIDR: input.podCidr, podCIDRs: [input.podCidr] } : undefined;
    const change = { metadata: { labels }, ...(spec ? { spec } : {}) };
    this.#node = await this.#options.client.resource(nodes).patch(input.name, 'strategic', change);
  }

  /** Writes the status where it changed, or was not written for long. */
  async updateStatus(): Promise<void> {
    const { client, clock, observed } = this.#options;
    const input = this.#options.input();
    try {
      this.#node = await client.resource(nodes).get(input.name);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await this.#register();
      return;
    }
    observed(this.#node);
    const status = nodeStatus(input, this.#node.status);
    const isStale = clock.monotonicMs() - this.#reportedMs >= statusReportMs;
    if (!isStale && substanceOf(status) === substanceOf(this.#node.status)) return;
    const body = { status };
    this.#node = await client.resource(nodes).patch(input.name, 'strategic', body, '', 'status');
    this.#reportedMs = clock.monotonicMs();
  }

  async #renewLease(): Promise<void> {
    const { client, clock } = this.#options;
    const { name } = this.#options.input();
    const resource = client.resource(leases);
    const renewTime = rfc3339Micro(clock.nowMs());
    const owner = this.#node?.metadata?.uid;
    const fresh: Lease = {
      metadata: {
        name,
        namespace: leaseNamespace,
        ...(owner ? { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid: owner }] } : {}),
      },
      spec: { holderIdentity: name, leaseDurationSeconds, renewTime },
    };
    try {
      this.#lease ??= await resource.get(name, leaseNamespace);
      const spec = { ...this.#lease.spec, holderIdentity: name, leaseDurationSeconds, renewTime };
      this.#lease = await resource.update({ ...this.#lease, spec });
    } catch (error) {
      this.#lease = undefined;
      if (isConflict(error)) {
        this.#lease = await resource.get(name, leaseNamespace);
        throw error;
      }
      if (!isNotFound(error)) throw error;
      this.#lease = await resource.create(fresh, leaseNamespace);
    }
  }
}
