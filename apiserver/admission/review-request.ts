/** What policies and webhooks are told about a request. */
import type { KubeObject } from '../pipeline.ts';
import type { ResourceEntry } from '../registry/resource-entry.ts';
import type { AdmissionRequest } from './admission.ts';
import { namespaceOf } from './matching.ts';

/** Kinds that bodies for subresources have instead of the resource's own. */
const subresourceKinds: Readonly<Record<string, readonly [group: string, version: string, kind: string]>> = {
  scale: ['autoscaling', 'v1', 'Scale'],
  eviction: ['policy', 'v1', 'Eviction'],
  binding: ['', 'v1', 'Binding'],
  token: ['authentication.k8s.io', 'v1', 'TokenRequest'],
};

const kindOf = ({ info }: ResourceEntry, subresource: string): Record<string, string> => {
  const [group, version, kind] = subresourceKinds[subresource] ?? [info.group, info.version, info.kind];
  return { group, version, kind };
};

const resourceOf = ({ info }: ResourceEntry): Record<string, string> => ({
  group: info.group,
  version: info.version,
  resource: info.resource,
});

/** The fields of an AdmissionRequest but for uid and objects; `shown`: the resource in whose words it is told. */
export const reviewRequest = (request: AdmissionRequest, shown: ResourceEntry): Record<string, unknown> => {
  const { entry, subresource, operation, user, dryRun, name } = request;
  const namespace = namespaceOf(request);
  const shownName = name || (request.object?.metadata?.name ?? '');
  return {
    kind: kindOf(shown, subresource),
    resource: resourceOf(shown),
    ...(subresource !== '' && { subResource: subresource }),
    requestKind: kindOf(entry, subresource),
    requestResource: resourceOf(entry),
    ...(subresource !== '' && { requestSubResource: subresource }),
    ...(shownName !== '' && { name: shownName }),
    ...(namespace !== '' && { namespace }),
    operation,
    userInfo: {
      ...(user && { username: user.name }),
      ...(user?.uid && { uid: user.uid }),
      ...(user && user.groups.length > 0 && { groups: user.groups }),
      ...(user?.extra && Object.keys(user.extra).length > 0 && { extra: user.extra }),
    },
    dryRun,
    options: request.options ?? defaultOptions(request),
  };
};

const optionKinds = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' } as const;

const defaultOptions = ({ operation, dryRun }: AdmissionRequest): KubeObject => ({
  kind: optionKinds[operation],
  apiVersion: 'meta.k8s.io/v1',
  ...(dryRun && { dryRun: ['All'] }),
});
