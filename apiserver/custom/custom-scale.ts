import { setAtPath, valueAtPath, wrongTypeAt } from '../../api/crd/scale-paths.ts';
import { newBadRequest } from '../../api/meta/status.ts';
import type { CustomResourceSubresourceScale } from '../../api/types/apiextensions-v1.ts';
import type { KubeObject } from '../pipeline.ts';
import type { ScaleAccess } from '../registry/resource-entry.ts';

function read(object: KubeObject, path: string, wanted: 'int64' | 'string'): unknown {
  const wrong = wrongTypeAt(object, path, wanted);
  if (wrong !== undefined) throw newBadRequest(wrong);
  return valueAtPath(object, path);
}

/** `/scale` of a custom resource: where its definition says that replicas and selector are. */
export const scaleAccessOf = (paths: CustomResourceSubresourceScale): ScaleAccess => ({
  replicas: (object) => Number(read(object, paths.specReplicasPath, 'int64') ?? 0),
  statusReplicas: (object) => Number(read(object, paths.statusReplicasPath, 'int64') ?? 0),
  selector: (object) => {
    const selector = paths.labelSelectorPath ? read(object, paths.labelSelectorPath, 'string') : '';
    return typeof selector === 'string' ? selector : '';
  },
  replicasPath: paths.specReplicasPath
    .replace(/^\./, '')
    .split('.')
    .map((part) => `f:${part}`),
  setReplicas: (object, replicas) => setAtPath(object, paths.specReplicasPath, replicas),
});
