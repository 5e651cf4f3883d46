import { newForbidden, qualified, type StatusError } from '../../api/meta/status.ts';
import { groupResourceOf } from '../endpoints/resource-request.ts';
import type { KubeObject, User } from '../pipeline.ts';
import type { ResourceEntry } from '../registry/resource-entry.ts';
import { Reinvocation } from './reinvocation.ts';

/** A write that is about to happen. */
export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly entry: ResourceEntry;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** undefined on DELETE; what was sent for subresources that are created: an Eviction, a Binding, a TokenRequest */
  readonly object: KubeObject | undefined;
  readonly old: KubeObject | undefined;
  readonly user: User | undefined;
  readonly dryRun: boolean;
  /** CreateOptions, UpdateOptions or DeleteOptions, as they were sent */
  readonly options?: KubeObject;
  /** tells the client, who gets what was asked for all the same */
  readonly warn?: (text: string) => void;
  /** adds to the audit event of the request */
  readonly annotate?: (key: string, value: string) => void;
  /** in the mutating phase: who is to run once more */
  readonly reinvocation?: Reinvocation;
}

/** One rule of admission. Throws a StatusError to refuse; `mutate` may change the object. */
export interface AdmissionPlugin {
  readonly name: string;
  /** `pods`, `ingresses.networking.k8s.io`: it looks at writes of these only; absent: of all */
  readonly resources?: readonly string[];
  mutate?(request: AdmissionRequest): void | Promise<void>;
  validate?(request: AdmissionRequest): void | Promise<void>;
}

interface Phases {
  readonly mutating: readonly AdmissionPlugin[];
  readonly validating: readonly AdmissionPlugin[];
}

export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[];
  /** those that look at a resource: most look at few, and every write passes here */
  readonly #phases = new WeakMap<ResourceEntry, Phases>();

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins;
  }

  async mutate(request: AdmissionRequest): Promise<void> {
    const reinvocation = new Reinvocation();
    const own = { ...request, reinvocation };
    const { mutating } = this.#phasesOf(request.entry);
    do for (const plugin of mutating) await plugin.mutate?.(own);
    while (reinvocation.beginsAgain());
  }

  async validate(request: AdmissionRequest): Promise<void> {
    for (const plugin of this.#phasesOf(request.entry).validating) await plugin.validate?.(request);
  }

  #phasesOf(entry: ResourceEntry): Phases {
    const known = this.#phases.get(entry);
    if (known !== undefined) return known;
    const name = qualified(groupResourceOf(entry));
    const looking = this.#plugins.filter(({ resources }) => resources === undefined || resources.includes(name));
    const made = {
      mutating: looking.filter((plugin) => 'mutate' in plugin),
      validating: looking.filter((plugin) => 'validate' in plugin),
    };
    this.#phases.set(entry, made);
    return made;
  }
}

/** The kubelet puts it on pods that it runs from files; the API only shows them. */
export const mirrorAnnotation = 'kubernetes.io/config.mirror';

/** `pods` for the core group, else `ingresses.networking.k8s.io` */
export const isFor = ({ entry }: AdmissionRequest, group: string, resource: string): boolean =>
  entry.info.resource === resource && entry.info.group === group;

export const isNewPod = (request: AdmissionRequest): boolean =>
  request.operation === 'CREATE' && request.subresource === '' && isFor(request, '', 'pods');

/** The refusal of a plugin: 403, with the name the object has or is to get. */
export function refusal(request: AdmissionRequest, why: string): StatusError {
  const { name, generateName } = request.object?.metadata ?? {};
  const shown = request.name || name || generateName || 'Unknown';
  return newForbidden(groupResourceOf(request.entry), shown, why);
}
