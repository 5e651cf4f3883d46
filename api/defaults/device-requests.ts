import type { DeviceSubRequest, ExactDeviceRequest } from '../types/resource-v1.ts';
import type { DefaulterEntry } from './defaults.ts';

function deviceRequestDefaults(request: ExactDeviceRequest | DeviceSubRequest): void {
  request.allocationMode ||= 'ExactCount';
  if (request.allocationMode === 'ExactCount') request.count ||= 1;
}

const resource = 'io.k8s.api.resource.v1.';

export const deviceRequestDefaulters: readonly DefaulterEntry[] = [
  [`${resource}ExactDeviceRequest`, deviceRequestDefaults],
  [`${resource}DeviceSubRequest`, deviceRequestDefaults],
];
