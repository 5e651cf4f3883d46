import { semanticEqual } from '../../api/meta/deep-equal.ts';
import { resourceForKind } from '../../api/schema/resources.ts';
import type { OwnerReference } from '../../api/types/meta-v1.ts';
import type { Authorizer, RequestInfo } from '../pipeline.ts';
import { refusal, type AdmissionPlugin, type AdmissionRequest } from './admission.ts';

const question = (more: Partial<RequestInfo>): RequestInfo => ({
  isResourceRequest: true,
  verb: 'update',
  path: '',
  group: '*',
  version: '*',
  resource: '*',
  subresource: 'finalizers',
  namespace: '',
  name: '*',
  ...more,
});

/** References that hold up their owner's deletion, and did not before. */
function newBlocking({ object, old }: AdmissionRequest): OwnerReference[] {
  const before = new Map((old?.metadata?.ownerReferences ?? []).map((ref) => [ref.uid, ref]));
  return (object?.metadata?.ownerReferences ?? []).filter(
    (ref) => ref.blockOwnerDeletion && !before.get(ref.uid)?.blockOwnerDeletion,
  );
}

function ownerQuestion({ apiVersion, kind, name }: OwnerReference, namespace: string): RequestInfo | undefined {
  const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const info = resourceForKind(group, version, kind);
  if (info === undefined) return undefined;
  const scope = info.namespaced ? namespace : '';
  return question({ group, version, resource: info.resource, namespace: scope, name });
}

/** Who lets an object be collected with another must be able to delete it; who holds up a deletion, to finalize it. */
export const ownerReferencesPermissionEnforcement = (authorizer: Authorizer): AdmissionPlugin => ({
  name: 'OwnerReferencesPermissionEnforcement',
  async validate(request) {
    const { operation, object, old, user, entry, namespace, name, subresource } = request;
    if (operation === 'DELETE' || object === undefined || user === undefined) return;
    if (entry.info.resource === 'pods' && subresource === 'status') return;
    if (semanticEqual(object.metadata?.ownerReferences, old?.metadata?.ownerReferences)) return;
    const { group, version, resource } = entry.info;
    if (operation === 'UPDATE') {
      const info = question({ verb: 'delete', group, version, resource, subresource, namespace, name });
      const { allowed, reason } = await authorizer.authorize(user, info);
      if (!allowed) throw refusal(request, `cannot set an ownerRef on a resource you can't delete: ${reason}, <nil>`);
    }
    const blocking = newBlocking(request);
    if (blocking.length === 0 || (await authorizer.authorize(user, question({}))).allowed) return;
    for (const ref of blocking) {
      const info = ownerQuestion(ref, namespace);
      if (info === undefined) {
        const why = `cannot find RESTMapping for APIVersion ${ref.apiVersion} Kind ${ref.kind}`;
        throw refusal(request, `cannot set blockOwnerDeletion in this case because ${why}`);
      }
      const { allowed, reason } = await authorizer.authorize(user, info);
      if (allowed) continue;
      const why = "an ownerReference refers to a resource you can't set finalizers on";
      throw refusal(request, `cannot set blockOwnerDeletion if ${why}: ${reason}, <nil>`);
    }
  },
});
