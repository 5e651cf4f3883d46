import type { Authorizer, RequestInfo, User } from '../pipeline.ts';

const info = (verb: string, name: string): RequestInfo => ({
  isResourceRequest: true,
  verb,
  path: '',
  group: 'certificates.k8s.io',
  version: '*',
  resource: 'signers',
  subresource: '',
  namespace: '',
  name,
});

/** May the user approve, sign or attest for this signer, or for all of its domain? Throws nothing: an error is a no. */
export async function maySign(
  authorizer: Authorizer,
  user: User,
  verb: 'approve' | 'sign' | 'attest',
  signerName: string,
): Promise<boolean> {
  for (const name of [signerName, `${signerName.split('/')[0]}/*`]) {
    if ((await authorizer.authorize(user, info(verb, name))).allowed) return true;
  }
  return false;
}
