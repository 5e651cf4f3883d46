import { rfc3339 } from '../../../base/clock.ts';
import { base64ToBytes } from '../../../api/meta/base64.ts';
import { invalid } from '../../../api/meta/field-error.ts';
import { goBytes } from '../../../api/meta/go-text.ts';
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition as Condition,
} from '../../../api/types/certificates-v1.ts';
import type { KubeObject } from '../../pipeline.ts';
import { requestProblem } from './request-problem.ts';
import { define, objectField, type Asked } from '../resource-entry.ts';

const conditionsOf = (object: KubeObject): Condition[] =>
  (object as unknown as CertificateSigningRequest).status?.conditions ?? [];

/** Who asks is what the server saw, not what the body says. */
function nameRequester(object: KubeObject, { user }: Asked): void {
  const spec = objectField(object, 'spec');
  for (const field of ['username', 'uid', 'groups', 'extra']) delete spec[field];
  if (user === undefined) return;
  spec['username'] = user.name;
  if (user.uid) spec['uid'] = user.uid;
  if (user.groups.length > 0) spec['groups'] = [...user.groups];
  if (user.extra && Object.keys(user.extra).length > 0) spec['extra'] = structuredClone(user.extra);
}

/** Times that the body leaves out; one whose status stays as it was has not changed since. */
function fillTimes(object: KubeObject, old: KubeObject, { nowMs }: Asked): void {
  const now = rfc3339(nowMs);
  for (const condition of conditionsOf(object)) {
    condition.lastUpdateTime ??= now;
    const before = conditionsOf(old).find(({ type, status }) => type === condition.type && status === condition.status);
    condition.lastTransitionTime ??= before?.lastTransitionTime ?? now;
  }
}

/** Through /status approvals stay as they are; one added or removed there is left to be found invalid. */
function keepApprovals(object: KubeObject, old: KubeObject): void {
  const conditions = conditionsOf(object);
  for (const type of ['Approved', 'Denied']) {
    const before = conditionsOf(old).filter((condition) => condition.type === type);
    const places = conditions.flatMap((condition, index) => (condition.type === type ? [index] : []));
    if (places.length !== before.length) continue;
    for (const [i, place] of places.entries()) conditions[place] = structuredClone(before[i] as Condition);
  }
}

export const certificatesigningrequests = define('certificates.k8s.io', 'v1', 'certificatesigningrequests', {
  async checkNew(object) {
    const { request } = (object['spec'] ?? {}) as { request?: string | null };
    const problem = await requestProblem(request ?? '');
    return problem === undefined
      ? []
      : [invalid('spec.request', goBytes(request ? base64ToBytes(request) : undefined), problem)];
  },
  prepareForCreate(object, asked) {
    nameRequester(object, asked);
    object['status'] = {};
  },
  prepareForUpdate(object, old) {
    object['spec'] = old['spec'];
  },
  prepareForStatusUpdate(object, old, asked) {
    keepApprovals(object, old);
    fillTimes(object, old, asked);
  },
  prepareForSubresource: {
    approval(object, old, asked) {
      fillTimes(object, old, asked);
      const conditions = conditionsOf(object);
      object['status'] = { ...(old['status'] as object | undefined), conditions };
    },
  },
});
