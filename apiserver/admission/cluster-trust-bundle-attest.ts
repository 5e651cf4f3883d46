import { semanticEqual } from '../../api/meta/deep-equal.ts';
import { goQuote } from '../../api/meta/go-text.ts';
import { maySign } from '../auth/signer-permission.ts';
import type { Authorizer, KubeObject } from '../pipeline.ts';
import { isFor, refusal, type AdmissionPlugin } from './admission.ts';

const signerOf = (object: KubeObject): string =>
  (object['spec'] as { signerName?: string } | undefined)?.signerName ?? '';

/** Fields that the garbage collector and storage migration change without meaning anything by it. */
function withoutOwnership({ metadata, ...rest }: KubeObject): KubeObject {
  const { ownerReferences: _, finalizers: __, managedFields: ___, resourceVersion: ____, ...kept } = metadata ?? {};
  return { ...rest, metadata: kept };
}

/** Trust in a signer is declared by who may vouch for it. */
export const clusterTrustBundleAttest = (authorizer: Authorizer): AdmissionPlugin => ({
  name: 'ClusterTrustBundleAttest',
  resources: ['clustertrustbundles.certificates.k8s.io'],
  async validate(request) {
    const { object, old, user } = request;
    if (request.operation === 'DELETE' || object === undefined || user === undefined) return;
    if (!isFor(request, 'certificates.k8s.io', 'clustertrustbundles')) return;
    const signer = signerOf(object);
    if (signer === '') return;
    if (old !== undefined && semanticEqual(withoutOwnership(object), withoutOwnership(old))) return;
    if (await maySign(authorizer, user, 'attest', signer)) return;
    throw refusal(request, `user not permitted to attest for signerName ${goQuote(signer)}`);
  },
});
