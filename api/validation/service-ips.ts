/** A service's cluster IPs, their families, and how they may change. */
import { duplicate, invalid, notSupported, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { goStrings } from '../meta/go-text.ts';
import { ipFamily, validateIp } from '../meta/ip.ts';
import type { ServiceSpec } from '../types/core-v1.ts';
import { oneOfIfSet } from './field-checks.ts';

const ips = 'spec.clusterIPs';
const families = ['IPv4', 'IPv6'];
const isHeadless = (spec: ServiceSpec): boolean => spec.clusterIPs?.length === 1 && spec.clusterIPs[0] === 'None';

function validateShape(spec: ServiceSpec): FieldError[] {
  const list = spec.clusterIPs ?? [];
  const errors: FieldError[] = [];
  if (spec.clusterIP) {
    if (list.length === 0) errors.push(required(ips));
    else if (list[0] !== spec.clusterIP) {
      errors.push(invalid(ips, goStrings(list), 'first value must match `clusterIP`'));
    }
  } else if (list.length > 0) {
    errors.push(invalid(ips, goStrings(list), 'must be empty when `clusterIP` is not specified'));
  }
  const seen = new Set<string>();
  for (const [i, family] of (spec.ipFamilies ?? []).entries()) {
    const at = `spec.ipFamilies[${i}]`;
    if (!families.includes(family)) errors.push(notSupported(at, family, families));
    if (seen.has(family)) errors.push(duplicate(at, family));
    seen.add(family);
  }
  const supported = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
  return [...errors, ...oneOfIfSet('spec.ipFamilyPolicy', spec.ipFamilyPolicy, supported)];
}

export function validateClusterIps(spec: ServiceSpec, old: ServiceSpec | undefined): FieldError[] {
  if (spec.type === 'ExternalName') return [];
  const list = spec.clusterIPs ?? [];
  const errors = validateShape(spec);
  const wrong: FieldError[] = [];
  for (const [i, ip] of list.entries()) {
    if (i === 0 && ip === 'None') {
      if (list.length > 1) wrong.push(invalid(ips, goStrings(list), "'None' must be the first and only value"));
    } else wrong.push(...validateIp(ip, `${ips}[${i}]`, old?.clusterIPs));
  }
  errors.push(...wrong);
  if (list.length > 2) errors.push(invalid(ips, goStrings(list), 'may only hold up to 2 values'));
  if (wrong.length > 0) return errors;
  if (list.length === 2 && ipFamily(list[0] as string) === ipFamily(list[1] as string)) {
    errors.push(invalid(ips, goStrings(list), 'may specify no more than one IP for each IP family'));
  }
  if (isHeadless(spec)) return errors;
  for (const [i, ip] of list.entries()) {
    const family = spec.ipFamilies?.[i];
    if (family === undefined || !families.includes(family) || ipFamily(ip) === family) continue;
    errors.push(invalid(`${ips}[${i}]`, ip, `expected an ${family} value as indicated by \`ipFamilies[${i}]\``));
  }
  return errors;
}

/** The first stays; a second may come, and go when the policy says so. */
function validateListUpdate(
  now: readonly string[],
  old: readonly string[],
  spec: ServiceSpec,
  key: 'clusterIPs' | 'ipFamilies',
): FieldError[] {
  const what = key === 'clusterIPs' ? 'clusterIP' : 'ipFamily';
  const changed = (i: number): FieldError => invalid(`spec.${key}[${i}]`, goStrings(now), 'may not change once set');
  if (now.length === old.length) {
    return old.flatMap((value, i) => (value === now[i] ? [] : [changed(key === 'clusterIPs' ? i : 0)]));
  }
  const errors: FieldError[] = [];
  if (now.length === 0) {
    errors.push(invalid(`spec.${key}[0]`, goStrings(undefined), `primary ${what} can not be unset`));
  } else if (old.length > 0 && now[0] !== old[0]) errors.push(changed(0));
  if (now.length < old.length && now.length === 1 && spec.ipFamilyPolicy !== 'SingleStack') {
    const why = `must be set to 'SingleStack' when releasing the secondary ${what}`;
    errors.push(invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy ?? null, why));
  }
  return errors;
}

export function validateClusterIpsUpdate(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  if (spec.type === 'ExternalName' || old.type === 'ExternalName') return [];
  const [now, before] = [isHeadless(spec), isHeadless(old)];
  const errors =
    now && before ? [] : validateListUpdate(spec.clusterIPs ?? [], old.clusterIPs ?? [], spec, 'clusterIPs');
  if (now || before) return errors;
  return [...errors, ...validateListUpdate(spec.ipFamilies ?? [], old.ipFamilies ?? [], spec, 'ipFamilies')];
}
