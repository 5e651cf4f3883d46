import { invalid, type FieldError } from '../../../api/meta/field-error.ts';
import { goStrings } from '../../../api/meta/go-text.ts';
import { newInvalid } from '../../../api/meta/status.ts';
import type { Service, ServiceSpec } from '../../../api/types/core-v1.ts';

const serviceKind = { group: '', kind: 'Service' };
/** of this cluster: there is one range of addresses */
const clusterFamily = 'IPv4';
const at = 'spec.ipFamilyPolicy';

const same = (a: readonly string[] | undefined, b: readonly string[] | undefined): boolean =>
  (a ?? []).join() === (b ?? []).join();
const count = (list: readonly unknown[] | undefined): number => list?.length ?? 0;
const familyOf = (ip: string): string => (ip.includes(':') ? 'IPv6' : 'IPv4');

/** Two families of which one is left need the word for it. */
function settleReduced(spec: ServiceSpec, before: ServiceSpec): FieldError[] {
  const reduced = (now: readonly string[] | undefined, old: readonly string[] | undefined): boolean =>
    count(now) === 1 && count(old) === 2 && now?.[0] === old?.[0];
  if (spec.ipFamilyPolicy === 'SingleStack') {
    if (same(spec.clusterIPs, before.clusterIPs)) spec.clusterIPs = spec.clusterIPs?.slice(0, 1);
    if (same(spec.ipFamilies, before.ipFamilies)) spec.ipFamilies = spec.ipFamilies?.slice(0, 1);
    if (spec.clusterIPs === undefined) delete spec.clusterIPs;
    if (spec.ipFamilies === undefined) delete spec.ipFamilies;
    return [];
  }
  const must = (what: string): FieldError =>
    invalid(at, spec.ipFamilyPolicy, `must be 'SingleStack' to release the secondary ${what}`);
  return [
    ...(reduced(spec.clusterIPs, before.clusterIPs) ? [must('cluster IP')] : []),
    ...(reduced(spec.ipFamilies, before.ipFamilies) ? [must('IP family')] : []),
  ];
}

/** Of addresses that were asked for. */
function inferFamilies(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, ip] of (spec.clusterIPs ?? []).entries()) {
    if (ip === 'None') break;
    if (index < count(spec.ipFamilies)) continue;
    const family = familyOf(ip);
    if (family === clusterFamily) spec.ipFamilies = [...(spec.ipFamilies ?? []), family];
    else {
      const why = `${family} is not configured on this cluster`;
      errors.push(invalid(`spec.clusterIPs[${index}]`, goStrings(spec.clusterIPs), why));
    }
  }
  return errors;
}

function notServed(spec: ServiceSpec): FieldError[] {
  const why = 'this cluster is not configured for dual-stack services';
  const needsTwo = spec.ipFamilyPolicy === 'RequireDualStack';
  const errors = needsTwo ? [invalid(at, spec.ipFamilyPolicy, why)] : [];
  for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
    if (family === clusterFamily) continue;
    errors.push(invalid(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster'));
  }
  return errors;
}

/** Fills in policy and families. Throws where they ask for what this cluster has not. */
export function settleIpFamilies(service: Service, old: Service | undefined): void {
  const { spec } = service;
  if (spec === undefined || spec.type === 'ExternalName') return;
  const isFree = spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0;
  spec.ipFamilyPolicy ??= old?.spec?.ipFamilyPolicy ?? (isFree ? 'RequireDualStack' : 'SingleStack');
  const refuseAny = (errors: readonly FieldError[]): void => {
    if (errors.length > 0) throw newInvalid(serviceKind, service.metadata?.name ?? '', errors);
  };
  const errors = old?.spec === undefined ? [] : settleReduced(spec, old.spec);
  if (spec.ipFamilyPolicy === 'SingleStack') {
    const must = "must be 'RequireDualStack' or 'PreferDualStack' when multiple";
    if (count(spec.clusterIPs) === 2)
      errors.push(invalid(at, spec.ipFamilyPolicy, `${must} cluster IPs are specified`));
    if (count(spec.ipFamilies) === 2)
      errors.push(invalid(at, spec.ipFamilyPolicy, `${must} IP families are specified`));
  }
  refuseAny([...errors, ...inferFamilies(spec)]);
  if (!isFree) refuseAny(notServed(spec));
  if (!spec.ipFamilies?.length) spec.ipFamilies = [clusterFamily];
  const [family] = spec.ipFamilies;
  // nobody routes to it: it may have what the cluster has not
  if (isFree && spec.ipFamilies.length === 1 && spec.ipFamilyPolicy !== 'SingleStack') {
    spec.ipFamilies = [family as string, family === 'IPv4' ? 'IPv6' : 'IPv4'];
  }
}
