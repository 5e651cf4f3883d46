import { newForbidden } from '../../api/meta/status.ts';
import type { Pod, ServiceAccount } from '../../api/types/core-v1.ts';
import { groupResourceOf } from '../endpoints/resource-request.ts';
import type { ObjectStore } from '../pipeline.ts';
import { isNewPod, mirrorAnnotation, type AdmissionPlugin } from './admission.ts';

const accountDefault = 'default';

/** Every pod runs as a service account that exists; its image pull secrets are the pod's, unless it has its own. */
export const serviceAccountAdmission = (store: ObjectStore): AdmissionPlugin => ({
  name: 'ServiceAccount',
  async mutate(request) {
    if (!isNewPod(request)) return;
    const pod = request.object as unknown as Pod;
    // A mirror pod only shows what a kubelet runs by itself.
    if (pod.spec === undefined || pod.metadata?.annotations?.[mirrorAnnotation] !== undefined) return;
    const name = pod.spec.serviceAccountName || pod.spec.serviceAccount || accountDefault;
    pod.spec.serviceAccountName = name;
    pod.spec.serviceAccount = name;
    const account = (await store.get('', 'serviceaccounts', request.namespace, name)) as ServiceAccount | undefined;
    if (account === undefined) {
      const key = `${request.namespace}/${name}`;
      const why = `error looking up service account ${key}: serviceaccount "${name}" not found`;
      throw newForbidden(groupResourceOf(request.entry), request.name, why);
    }
    const secrets = account.imagePullSecrets ?? [];
    if (!pod.spec.imagePullSecrets?.length && secrets.length > 0) pod.spec.imagePullSecrets = structuredClone(secrets);
  },
});
