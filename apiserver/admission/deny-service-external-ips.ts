import type { Service } from '../../api/types/core-v1.ts';
import { isFor, refusal, type AdmissionPlugin } from './admission.ts';

/** By external addresses a service could catch the traffic of others (CVE-2020-8554). */
export const denyServiceExternalIps: AdmissionPlugin = {
  name: 'DenyServiceExternalIPs',
  resources: ['services'],
  validate(request) {
    if (request.operation === 'DELETE' || request.subresource !== '' || !isFor(request, '', 'services')) return;
    const now = (request.object as unknown as Service).spec?.externalIPs ?? [];
    const before = (request.old as unknown as Service | undefined)?.spec?.externalIPs ?? [];
    if (now.every((address) => before.includes(address))) return;
    throw refusal(request, 'Use of external IPs is denied by admission control');
  },
};
