import type { Service } from '../types/core-v1.ts';

export function serviceWarnings({ spec }: Service): string[] {
  if (spec === undefined) return [];
  const warnings: string[] = [];
  const hasExternalIps = (spec.externalIPs?.length ?? 0) > 0;
  const isHeadless = spec.type === 'ClusterIP' && spec.clusterIP === 'None';
  if (isHeadless) {
    if (spec.loadBalancerIP) warnings.push('spec.loadBalancerIP is ignored for headless services');
    if (hasExternalIps) warnings.push('spec.externalIPs is ignored for headless services');
    if (spec.sessionAffinity !== 'None') warnings.push('spec.SessionAffinity is ignored for headless services');
  }
  const isExternal = spec.type === 'ExternalName';
  if (isExternal && hasExternalIps) warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  if (!isExternal && spec.externalName) {
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  }
  if (spec.trafficDistribution === 'PreferClose') {
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  }
  return warnings;
}
