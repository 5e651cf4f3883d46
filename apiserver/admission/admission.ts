import type { KubeObject, User } from '../pipeline.ts';
import type { ResourceEntry } from '../registry/resource-entry.ts';

/** A write that is about to happen. */
export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly entry: ResourceEntry;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** undefined on DELETE */
  readonly object: KubeObject | undefined;
  readonly old: KubeObject | undefined;
  readonly user: User | undefined;
  readonly dryRun: boolean;
}

/** One rule of admission. Throws a StatusError to refuse; `mutate` may change the object. */
export interface AdmissionPlugin {
  readonly name: string;
  mutate?(request: AdmissionRequest): void | Promise<void>;
  validate?(request: AdmissionRequest): void | Promise<void>;
}

export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[];

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins;
  }

  async mutate(request: AdmissionRequest): Promise<void> {
    for (const plugin of this.#plugins) await plugin.mutate?.(request);
  }

  async validate(request: AdmissionRequest): Promise<void> {
    for (const plugin of this.#plugins) await plugin.validate?.(request);
  }
}

/** The kubelet puts it on pods that it runs from files; the API only shows them. */
export const mirrorAnnotation = 'kubernetes.io/config.mirror';

export const isNewPod = ({ operation, entry, subresource }: AdmissionRequest): boolean =>
  operation === 'CREATE' && subresource === '' && entry.info.group === '' && entry.info.resource === 'pods';
