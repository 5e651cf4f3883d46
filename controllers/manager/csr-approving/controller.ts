import type { SubjectAccessReview } from '../../../api/types/authorization-v1.ts';
import type { CertificateSigningRequest } from '../../../api/types/certificates-v1.ts';
import { certificateSigningRequests, resourcePath } from '../../../client/resources.ts';
import type { Informer } from '../../../client/types.ts';
import { newQueue, queueController } from '../controller-context.ts';
import type { Controller, ControllerContext } from '../controller-context.ts';
import { isPending, recognitionsOf, withApproval, type Recognition } from './plan.ts';

const reviews = '/apis/authorization.k8s.io/v1/subjectaccessreviews';

/** Approves client certificates of kubelets, where who asks for one has the right to get it. */
export function csrApprovingController(context: ControllerContext): Controller {
  const queue = newQueue(context, 'certificatesigningrequest-approving', 5);
  const { client } = context;
  const informer: Informer<CertificateSigningRequest> = context.informers.informer(certificateSigningRequests);
  const enqueue = (request: CertificateSigningRequest): void => {
    if (isPending(request)) queue.add(request.metadata?.name ?? '');
  };
  informer.addHandlers({ added: enqueue, updated: (_, request) => enqueue(request) });

  const may = async ({ spec }: CertificateSigningRequest, { subresource }: Recognition): Promise<boolean> => {
    const { username: user, uid, groups, extra } = spec;
    const resourceAttributes = {
      group: 'certificates.k8s.io',
      version: '*',
      resource: 'certificatesigningrequests',
      subresource,
      verb: 'create',
    };
    const review: SubjectAccessReview = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user, uid, groups, extra, resourceAttributes },
    };
    return (await client.request<SubjectAccessReview>('POST', reviews, review)).status?.allowed === true;
  };

  return queueController(queue, async (name) => {
    const request = informer.lister.get(name);
    if (request === undefined || !isPending(request)) return;
    // not before somebody asks for a certificate: it is large
    const { parseCertificateRequest, requestedCertificate } = await import('../certificate-request.ts');
    const asked = requestedCertificate(parseCertificateRequest(request.spec.request));
    for (const recognition of recognitionsOf(request, asked)) {
      if (!(await may(request, recognition))) continue;
      const path = resourcePath(certificateSigningRequests, '', name, 'approval');
      await client.request('PUT', path, withApproval(request, recognition.message));
      return;
    }
  });
}
