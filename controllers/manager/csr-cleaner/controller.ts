import { X509Certificate } from 'node:crypto';
import type { CertificateSigningRequest } from '../../../api/types/certificates-v1.ts';
import { isConflict, isNotFound } from '../../../client/api-errors.ts';
import { certificateSigningRequests } from '../../../client/resources.ts';
import type { Informer } from '../../../client/types.ts';
import type { Controller, ControllerContext } from '../controller-context.ts';
import { periodicController } from '../periodic.ts';
import { isOutdated } from './plan.ts';

function expiryMs({ status }: CertificateSigningRequest): number | undefined {
  if (!status?.certificate) return undefined;
  try {
    return Date.parse(new X509Certificate(Buffer.from(status.certificate, 'base64')).validTo);
  } catch {
    // Somebody else's signer wrote something else: age alone decides.
    return undefined;
  }
}

/** Removes requests that nobody needs any more. */
export function csrCleanerController(context: ControllerContext): Controller {
  const { client, clock, log, settings } = context;
  const informer: Informer<CertificateSigningRequest> = context.informers.informer(certificateSigningRequests);
  return periodicController(clock, log, settings.csrCleanerPeriodMs, async () => {
    for (const request of informer.lister.list()) {
      if (!isOutdated(request, expiryMs(request), clock.nowMs())) continue;
      const { name = '', uid } = request.metadata ?? {};
      try {
        await client.resource(certificateSigningRequests).delete(name, undefined, { preconditions: { uid } });
      } catch (error) {
        if (!isNotFound(error) && !isConflict(error)) throw error;
      }
    }
  });
}
