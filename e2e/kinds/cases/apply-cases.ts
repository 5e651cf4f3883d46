import type { KindCase, KindGroup } from '../kind-case.ts';
import { created } from './apply-created-cases.ts';
import { applied, data } from './apply-merged-cases.ts';
import { others } from './apply-other-cases.ts';
import { refused } from './apply-refused-cases.ts';
import { workloads } from './apply-workload-cases.ts';
import { configMaps } from './apply-writer.ts';

const note = 'kubectl.kubernetes.io/last-applied-configuration';
const config = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'csa', namespace: 'k-apply' },
  data: { a: '1', b: '<x>' },
};
const migration: readonly KindCase[] = [
  configMaps.create(
    'client-side apply',
    'csa',
    { ...config, metadata: { ...config.metadata, annotations: { [note]: `${JSON.stringify(config)}\n` } } },
    'kubectl-client-side-apply',
  ),
  configMaps.apply('server-side apply after it', 'csa', { ...config, data: { a: '2', b: '<x>' } }, 'kubectl'),
  configMaps.patch('another writes in between', 'csa', data({ b: 'other' }), 'other'),
  configMaps.apply('server-side apply meets the other', 'csa', { ...config, data: { a: '3', b: '<x>' } }, 'kubectl'),
  configMaps.apply('server-side apply under another name', 'csa', { ...config, data: { a: '4' } }, 'tool'),
  configMaps.apply(
    'server-side apply with force keeps the note',
    'csa',
    { ...config, data: { b: 'é"' } },
    'kubectl&force=true',
  ),
];

/** Server-side apply and managedFields. */
export const applyGroup: KindGroup = {
  name: 'apply',
  managedFields: true,
  cases: [...created, ...applied, ...refused, ...workloads, ...others, ...migration],
};
