import { requestVerbs } from '../../../api/meta/request-verbs.ts';
import type { SubjectAccessReview } from '../../../api/types/authorization-v1.ts';
import type { Clock } from '../../../base/clock.ts';
import type { KubeClient } from '../../../client/types.ts';

export interface Caller {
  readonly name: string;
  readonly groups: readonly string[];
}

export interface AccessReviewOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly nodeName: string;
}

const allowedMs = 5 * 60_000;
const deniedMs = 30_000;
const answersMax = 1_000;
const reviewPath = '/apis/authorization.k8s.io/v1/subjectaccessreviews';

const under = (path: string, root: string): boolean => path === root || path.startsWith(`${root}/`);

/** Any of these subresources of the node is enough for this path. */
export function subresourcesFor(path: string): string[] {
  if (under(path, '/stats')) return ['stats'];
  if (under(path, '/metrics')) return ['metrics'];
  if (under(path, '/logs')) return ['log'];
  const fine = [
    ['/pods', 'pods'],
    ['/runningpods', 'pods'],
    ['/healthz', 'healthz'],
    ['/configz', 'configz'],
  ];
  const own = fine.find(([root = '']) => under(path, root))?.[1];
  return own === undefined ? ['proxy'] : [own, 'proxy'];
}

/** Asks the API server who may talk to this kubelet, and keeps its answers for a while. */
export class AccessReviews {
  readonly #options: AccessReviewOptions;
  readonly #answers = new Map<string, { readonly allowed: boolean; readonly untilMs: number }>();

  constructor(options: AccessReviewOptions) {
    this.#options = options;
  }

  /** Rejects where the API server does not answer. */
  async allows(caller: Caller, method: string, path: string): Promise<boolean> {
    // who may do anything at the API server may do so here, although it may be down
    if (caller.groups.includes('system:masters')) return true;
    for (const subresource of subresourcesFor(path)) {
      if (await this.#allowed(caller, requestVerbs[method] ?? '', subresource)) return true;
    }
    return false;
  }

  async #allowed(caller: Caller, verb: string, subresource: string): Promise<boolean> {
    const { client, clock, nodeName } = this.#options;
    const key = JSON.stringify([caller.name, caller.groups, verb, subresource]);
    const known = this.#answers.get(key);
    if (known !== undefined && known.untilMs > clock.monotonicMs()) return known.allowed;
    const resourceAttributes = { verb, group: '', version: 'v1', resource: 'nodes', subresource, name: nodeName };
    const answer = await client.request<SubjectAccessReview>('POST', reviewPath, {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user: caller.name, groups: caller.groups, resourceAttributes },
    });
    const allowed = answer.status?.allowed === true;
    if (this.#answers.size >= answersMax) this.#answers.clear();
    this.#answers.set(key, { allowed, untilMs: clock.monotonicMs() + (allowed ? allowedMs : deniedMs) });
    return allowed;
  }
}
