/** API services that another server answers, as the stored objects say at the moment. */
import type { APIService } from '../../api/types/apiregistration-v1.ts';
import type { LiveObjects } from '../flowcontrol/flow-controller.ts';

export interface RemoteService {
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
  /** PEM; absent: the authorities that everybody trusts */
  readonly ca?: string;
  readonly insecure: boolean;
  readonly available: boolean;
  /** its place in discovery: higher goes first */
  readonly priority: readonly [group: number, version: number];
  /** changes with what connections depend on */
  readonly identity: string;
}

const httpsPort = 443;

export function remoteOf({ metadata, spec, status }: APIService): RemoteService | undefined {
  const { service, group = '', version = '', caBundle, insecureSkipTLSVerify: insecure = false } = spec ?? {};
  if (spec === undefined || !service?.name || !service.namespace) return undefined;
  const { name, namespace, port = httpsPort } = service;
  const available = status?.conditions?.find(({ type }) => type === 'Available')?.status === 'True';
  return {
    name: metadata?.name ?? '',
    group,
    version,
    namespace,
    service: name,
    port,
    ...(caBundle && { ca: Buffer.from(caBundle, 'base64').toString('utf8') }),
    insecure,
    available,
    priority: [spec.groupPriorityMinimum, spec.versionPriority],
    identity: JSON.stringify([namespace, name, port, caBundle, insecure]),
  };
}

export class RemoteServices {
  readonly #objects: LiveObjects<APIService>;
  #seen = -1;
  #byVersion = new Map<string, RemoteService>();

  constructor(objects: LiveObjects<APIService>) {
    this.#objects = objects;
  }

  #current(): Map<string, RemoteService> {
    const { changes } = this.#objects;
    if (changes !== this.#seen) {
      this.#seen = changes;
      const all = this.#objects
        .all()
        .map(remoteOf)
        .filter((each) => each !== undefined);
      this.#byVersion = new Map(all.map((each) => [`${each.group}/${each.version}`, each]));
    }
    return this.#byVersion;
  }

  find(group: string, version: string): RemoteService | undefined {
    const current = this.#current();
    return current.size === 0 ? undefined : current.get(`${group}/${version}`);
  }

  get isEmpty(): boolean {
    return this.#current().size === 0;
  }

  all(): RemoteService[] {
    return [...this.#current().values()];
  }
}
