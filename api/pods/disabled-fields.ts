/** Fields of features that 1.36 has off: a real server drops them, too, unless they were there before. */
import type { PodSpec } from '../types/core-v1.ts';
import { containersOf } from './containers.ts';

const stopSignals = (spec: PodSpec | undefined): boolean =>
  spec !== undefined && containersOf(spec, '').some(([container]) => container.lifecycle?.stopSignal !== undefined);

export function dropDisabledPodFields(spec: PodSpec, old: PodSpec | undefined): void {
  if (!stopSignals(old)) {
    for (const [container] of containersOf(spec, '')) {
      const { lifecycle } = container;
      if (lifecycle?.stopSignal === undefined) continue;
      delete lifecycle.stopSignal;
      if (Object.keys(lifecycle).length === 0) delete container.lifecycle;
    }
  }
  for (const key of ['clusterTrustBundle', 'podCertificate'] as const) {
    const used = old?.volumes?.some(({ projected }) => projected?.sources?.some((source) => source[key] !== undefined));
    if (used) continue;
    for (const volume of spec.volumes ?? []) {
      for (const source of volume.projected?.sources ?? []) delete source[key];
    }
  }
}
