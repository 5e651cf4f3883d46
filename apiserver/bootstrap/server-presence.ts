import { randomUUID } from 'node:crypto';
import { rfc3339, systemClock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { semanticEqual } from '../../api/meta/deep-equal.ts';
import type { Storage } from '../endpoints/resource-request.ts';
import type { KubeObject, ObjectStore } from '../pipeline.ts';
import { prefixEnd, type EtcdClient } from '../storage/etcd-client.ts';
import {
  kubernetesEndpoints,
  kubernetesService,
  kubernetesServiceKey,
  kubernetesSlices,
  type ServerAddress,
} from './kubernetes-service.ts';

const leaseSeconds = 15;
const periodMs = 5_000;

export interface PresenceOptions {
  readonly client: EtcdClient;
  /** `/registry/` */
  readonly prefix: string;
  readonly self: ServerAddress;
  readonly clusterIp: string;
  readonly objects: ObjectStore;
  readonly endpoints: Storage;
  readonly slices: Storage;
  readonly log: Log;
}

/**
 * Tells the others that this server lives: a key that goes with its lease. Each server in turn writes who is there into
 * the endpoints of the service `kubernetes`, so that a dead one is out of them within the lease's time.
 */
export class ServerPresence {
  readonly #options: PresenceOptions;
  #lease: string | undefined;
  #cancel: (() => void) | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  /** The first round; throws where it fails, so that it can be tried again. */
  async start(): Promise<void> {
    await this.#round();
    this.#cancel ??= systemClock.every(periodMs, () => {
      this.#running = this.#round().catch((error: unknown) =>
        this.#options.log.warn({ err: error }, 'could not renew the presence of this API server; it is tried again'),
      );
    });
  }

  /** Takes itself out of the endpoints. */
  async stop(): Promise<void> {
    this.#cancel?.();
    await this.#running;
    if (this.#lease === undefined) return;
    await this.#options.client.leaseRevoke(this.#lease);
    await this.#publish();
  }

  get #leases(): string {
    return `${this.#options.prefix}masterleases/`;
  }

  async #round(): Promise<void> {
    await this.#renew();
    const { objects, clusterIp, self } = this.#options;
    const { namespace, name } = kubernetesServiceKey;
    if ((await objects.get('', 'services', namespace, name)) === undefined) {
      await objects.ensure('', 'services', kubernetesService(clusterIp, self.port));
    }
    await this.#publish();
  }

  async #renew(): Promise<void> {
    const { client, self } = this.#options;
    if (this.#lease !== undefined && (await client.leaseKeepAlive(this.#lease)) > 0) return;
    const lease = await client.leaseGrant(leaseSeconds);
    const key = `${this.#leases}${self.host}:${self.port}`;
    const value = new TextEncoder().encode(JSON.stringify(kubernetesEndpoints([self])));
    await client.write({ guards: [], operations: [{ put: { key, value, lease } }] });
    this.#lease = lease;
  }

  async #live(): Promise<ServerAddress[]> {
    const prefix = this.#leases;
    const { kvs } = await this.#options.client.range({ key: prefix, rangeEnd: prefixEnd(prefix), keysOnly: true });
    return kvs.map(({ key }) => {
      const address = key.slice(prefix.length);
      const colon = address.lastIndexOf(':');
      return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
    });
  }

  async #publish(): Promise<void> {
    const servers = await this.#live();
    const { endpoints, slices } = this.#options;
    await put(endpoints, kubernetesEndpoints(servers), 'subsets');
    const wanted = kubernetesSlices(servers);
    for (const slice of wanted) await put(slices, slice, 'endpoints', 'ports');
    const names = new Set(wanted.map(({ metadata }) => metadata?.name));
    const { namespace, name } = kubernetesServiceKey;
    for (const { key, object } of Array.from(slices.store.cache.range(`${slices.prefix}${namespace}/${name}`))) {
      const isOurs = object.metadata?.labels?.['kubernetes.io/service-name'] === name;
      if (!isOurs || names.has(object.metadata?.name)) continue;
      await slices.store.update(key, () => ({ object: 'delete' }));
    }
  }
}

/** Writes it where one of `fields` differs. Past validation: the address may be one of loopback. */
async function put({ prefix, store }: Storage, object: KubeObject, ...fields: string[]): Promise<void> {
  const { namespace = '', name = '' } = object.metadata ?? {};
  await store.update(`${prefix}${namespace}/${name}`, (current) => {
    if (current === undefined) {
      const creationTimestamp = rfc3339(systemClock.nowMs());
      return { object: { ...object, metadata: { ...object.metadata, uid: randomUUID(), creationTimestamp } } };
    }
    const same = fields.every((field) => semanticEqual(current.object[field], object[field]));
    if (same) return { object: current.object };
    return { object: { ...current.object, ...object, metadata: current.object.metadata } };
  });
}
