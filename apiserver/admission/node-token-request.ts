import { goQuote } from '../../api/meta/go-text.ts';
import { newNotFound } from '../../api/meta/status.ts';
import { ephemeralClaimName } from '../../api/pods/pod-references.ts';
import type { TokenRequestSpec } from '../../api/types/authentication-v1.ts';
import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '../../api/types/core-v1.ts';
import type { CSIDriver } from '../../api/types/storage-v1.ts';
import type { Authorizer, ObjectStore } from '../pipeline.ts';
import { refusal, type AdmissionRequest } from './admission.ts';

const audienceResource = 'request-serviceaccounts-token-audience';

/** The CSI driver that a volume is mounted by; '' for other volumes. */
async function driverOf(store: ObjectStore, pod: Pod, volume: Volume): Promise<string> {
  if (volume.csi) return volume.csi.driver;
  const claimName = volume.ephemeral ? ephemeralClaimName(pod, volume) : volume.persistentVolumeClaim?.claimName;
  if (claimName === undefined) return '';
  const claim = (await store.get('', 'persistentvolumeclaims', pod.metadata?.namespace ?? '', claimName)) as
    PersistentVolumeClaim | undefined;
  const name = claim?.spec?.volumeName;
  if (!name) return '';
  const found = (await store.get('', 'persistentvolumes', '', name)) as PersistentVolume | undefined;
  return found?.spec?.csi?.driver ?? '';
}

/** Does something in the pod need tokens for this audience? */
async function needsAudience(store: ObjectStore, pod: Pod, audience: string): Promise<boolean> {
  for (const volume of pod.spec?.volumes ?? []) {
    const tokens = volume.projected?.sources?.flatMap(({ serviceAccountToken }) => serviceAccountToken ?? []) ?? [];
    if (tokens.some((token) => (token.audience ?? '') === audience)) return true;
    const name = await driverOf(store, pod, volume);
    if (name === '') continue;
    const driver = (await store.get('storage.k8s.io', 'csidrivers', '', name)) as unknown as CSIDriver | undefined;
    if (driver?.spec.tokenRequests?.some((request) => request.audience === audience)) return true;
  }
  return false;
}

/** Kubelets get tokens for the pods that they run, for audiences that these ask for. */
export async function checkNodeToken(
  store: ObjectStore,
  authorizer: Authorizer,
  node: string,
  request: AdmissionRequest,
): Promise<void> {
  const spec = (request.object?.['spec'] ?? {}) as TokenRequestSpec;
  const ref = spec.boundObjectRef;
  if (ref?.apiVersion !== 'v1' || ref.kind !== 'Pod' || !ref.name) {
    throw refusal(request, 'node requested token not bound to a pod');
  }
  if (!ref.uid) throw refusal(request, 'node requested token with a pod binding without a uid');
  const found = await store.get('', 'pods', request.namespace, ref.name);
  if (found === undefined) throw newNotFound({ group: '', resource: 'pods' }, ref.name);
  const pod = found as unknown as Pod;
  if (ref.uid !== pod.metadata?.uid) {
    const why =
      `the UID in the bound object reference (${ref.uid}) does not match the UID in record. ` +
      'The object might have been deleted and then recreated';
    throw refusal(request, why);
  }
  if (pod.spec?.nodeName !== node) {
    throw refusal(request, 'node requested token bound to a pod scheduled on a different node');
  }
  const audiences = spec.audiences ?? [];
  if (audiences.length > 1) throw refusal(request, 'node may only request 0 or 1 audiences');
  const audience = audiences[0] ?? '';
  if (await needsAudience(store, pod, audience)) return;
  if (request.user === undefined) return;
  const { allowed } = await authorizer.authorize(request.user, {
    isResourceRequest: true,
    verb: audienceResource,
    path: '',
    group: '',
    version: 'v1',
    resource: audience,
    subresource: '',
    namespace: request.namespace,
    name: request.name,
  });
  if (allowed) return;
  throw refusal(request, `${request.user.name} is not authorized to request tokens for audience ${goQuote(audience)}`);
}
