import type { CertificateSigningRequest } from '../../../api/types/certificates-v1.ts';
import { rfc3339 } from '../../../base/clock.ts';
import { certificateSigningRequests } from '../../../client/resources.ts';
import type { Informer } from '../../../client/types.ts';
import { newQueue, queueController } from '../controller-context.ts';
import type { Controller, ControllerContext } from '../controller-context.ts';
import { certificateSeconds, isToSign, signerProblem, withFailure } from './plan.ts';

/** Signs approved requests for certificates of this cluster: of clients, of kubelets, and of no particular kind. */
export function csrSigningController(context: ControllerContext): Controller {
  const queue = newQueue(context, 'certificatesigningrequest-signing', 5);
  const { clusterSigning: authority, clusterSigningSeconds } = context.settings;
  if (authority === undefined) return queueController(queue, async () => {});
  const informer: Informer<CertificateSigningRequest> = context.informers.informer(certificateSigningRequests);
  const enqueue = (request: CertificateSigningRequest): void => {
    if (isToSign(request)) queue.add(request.metadata?.name ?? '');
  };
  informer.addHandlers({ added: enqueue, updated: (_, request) => enqueue(request) });
  return queueController(queue, async (name) => {
    const found = informer.lister.get(name);
    if (found === undefined || !isToSign(found)) return;
    const { spec } = found;
    // not before somebody asks for a certificate: they are large
    const { parseCertificateRequest, requestedCertificate } = await import('../certificate-request.ts');
    const { signCertificate } = await import('./sign-certificate.ts');
    const usages = spec.usages ?? [];
    const parsed = parseCertificateRequest(spec.request);
    const nowMs = context.clock.nowMs();
    const resource = context.client.resource(certificateSigningRequests);
    const problem = signerProblem(spec.signerName, requestedCertificate(parsed), usages);
    if (problem !== '') {
      await resource.updateStatus(withFailure(found, problem, rfc3339(nowMs)));
      return;
    }
    const seconds = certificateSeconds(spec.expirationSeconds, clusterSigningSeconds);
    const pem = await signCertificate(authority, { request: parsed, usages, seconds, nowMs });
    const certificate = Buffer.from(pem).toString('base64');
    await resource.updateStatus({ ...found, status: { ...found.status, certificate } });
  });
}
