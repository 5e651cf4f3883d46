import type {
  DeviceClass,
  ResourceClaim,
  ResourceClaimTemplate,
  ResourceSlice,
} from '../../../api/types/resource-v1.ts';
import { age, nameOf } from '../cell-text.ts';
import { rows } from '../row-printer.ts';

export const deviceClassRows = rows<DeviceClass>((object, nowMs) => [nameOf(object), age(object, nowMs)]);
export const claimTemplateRows = rows<ResourceClaimTemplate>((object, nowMs) => [nameOf(object), age(object, nowMs)]);

/** `pending`, or what it is, and that it goes: `deleted,allocated,reserved` */
function claimState({ metadata, status }: ResourceClaim): string {
  const states = metadata?.deletionTimestamp ? ['deleted'] : [];
  if (status?.allocation) states.push('allocated', ...(status.reservedFor?.length ? ['reserved'] : []));
  else if (states.length === 0) states.push('pending');
  return states.join(',');
}

export const resourceClaimRows = rows<ResourceClaim>((object, nowMs) => [
  nameOf(object),
  claimState(object),
  age(object, nowMs),
]);

export const resourceSliceRows = rows<ResourceSlice>((object, nowMs) => [
  nameOf(object),
  object.spec?.nodeName ?? '',
  object.spec?.driver ?? '',
  object.spec?.pool?.name ?? '',
  age(object, nowMs),
]);
