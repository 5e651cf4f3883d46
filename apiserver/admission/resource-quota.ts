import { newInternalError } from '../../api/meta/status.ts';
import { evaluatorOf } from '../../api/quota/evaluators.ts';
import { quantityTexts } from '../../api/quota/quantity-list.ts';
import { checkQuota, type QuotaWrite } from '../../api/quota/quota-check.ts';
import type { ResourceQuota } from '../../api/types/core-v1.ts';
import type { KubeObject, ObjectStore } from '../pipeline.ts';
import { refusal, type AdmissionPlugin, type AdmissionRequest } from './admission.ts';

/** Changes the status of a stored object as often as it takes until nobody has written in between. */
export type ChangeStatus = (
  group: string,
  resource: string,
  namespace: string,
  name: string,
  change: (current: KubeObject) => KubeObject,
) => Promise<void>;

/** How many writes may wait for one quota; more are refused and come again. */
const waitersMax = 2_000;

/**
 * Writes that would use more than a namespace may are refused; all others are charged to its quotas before they are
 * done. What is charged for a write that fails after all, or given back by a delete, the quota controller puts right.
 */
class ResourceQuotaAdmission implements AdmissionPlugin {
  readonly name = 'ResourceQuota';
  readonly #store: ObjectStore;
  readonly #changeStatus: ChangeStatus;
  readonly #nowMs: () => number;
  /** by namespace: the last one in line, and how many there are. One at a time, they do not conflict. */
  readonly #lines = new Map<string, { last: Promise<void>; length: number }>();

  constructor(store: ObjectStore, changeStatus: ChangeStatus, nowMs: () => number) {
    this.#store = store;
    this.#changeStatus = changeStatus;
    this.#nowMs = nowMs;
  }

  async validate(request: AdmissionRequest): Promise<void> {
    const { operation, namespace, object, old, subresource, entry } = request;
    if (operation === 'DELETE' || namespace === '' || object === undefined) return;
    const { group, resource } = entry.info;
    const evaluator = evaluatorOf(group, resource);
    if (evaluator === undefined || !evaluator.handles({ operation, subresource }, object, old)) return;
    const quotas = await this.#quotas(namespace);
    if (quotas.length === 0) return;
    const write: QuotaWrite = { evaluator, subresource, object, old, nowMs: this.#nowMs() };
    const changed = this.#check(request, quotas, write);
    if (request.dryRun || changed.length === 0) return;
    await this.#inLine(namespace, async () => {
      for (const quota of changed) await this.#charge(request, quota, write);
    });
  }

  async #quotas(namespace: string): Promise<readonly ResourceQuota[]> {
    return this.#store.list('', 'resourcequotas', namespace);
  }

  /** Those that the write is charged to. All are asked before one is charged. */
  #check(request: AdmissionRequest, quotas: readonly ResourceQuota[], write: QuotaWrite): ResourceQuota[] {
    const changed: ResourceQuota[] = [];
    for (const quota of quotas) {
      const verdict = checkQuota(quota, write);
      if ('refusal' in verdict) throw refusal(request, verdict.refusal);
      if ('used' in verdict) changed.push(quota);
    }
    return changed;
  }

  async #charge(request: AdmissionRequest, { metadata }: ResourceQuota, write: QuotaWrite): Promise<void> {
    await this.#changeStatus('', 'resourcequotas', request.namespace, metadata?.name ?? '', (current) => {
      const quota = current as ResourceQuota;
      const verdict = checkQuota(quota, write);
      if ('refusal' in verdict) throw refusal(request, verdict.refusal);
      if (!('used' in verdict)) return current;
      return { ...current, status: { ...quota.status, used: quantityTexts(verdict.used) } };
    });
  }

  async #inLine(namespace: string, work: () => Promise<void>): Promise<void> {
    const line = this.#lines.get(namespace) ?? { last: Promise.resolve(), length: 0 };
    if (line.length >= waitersMax) throw newInternalError('resource quota evaluation timed out');
    this.#lines.set(namespace, line);
    line.length++;
    const turn = line.last.then(work);
    line.last = turn.catch(() => {});
    try {
      await turn;
    } finally {
      line.length--;
      if (line.length === 0) this.#lines.delete(namespace);
    }
  }
}

export const resourceQuota = (store: ObjectStore, changeStatus: ChangeStatus, nowMs: () => number): AdmissionPlugin =>
  new ResourceQuotaAdmission(store, changeStatus, nowMs);
