import { cleanupFinalizer, withCondition } from '../../../api/crd/definition-status.ts';
import type { CustomResourceDefinition } from '../../../api/types/apiextensions-v1.ts';
import type { KubeObject } from '../../pipeline.ts';
import { definitionWarnings } from '../../../api/crd/definition-warnings.ts';
import { define } from '../resource-entry.ts';

const definitionOf = (object: KubeObject): CustomResourceDefinition => object as unknown as CustomResourceDefinition;

const deletionPending = {
  type: 'Terminating',
  status: 'True',
  reason: 'InstanceDeletionPending',
  message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
} as const;

/** Every version that objects may have been stored in: the storage version joins them, only a migration removes one. */
function noteStorageVersion(object: KubeObject): void {
  const definition = definitionOf(object);
  const storage = definition.spec.versions?.find((version) => version.storage)?.name;
  const status = { ...definition.status };
  if (storage !== undefined && !status.storedVersions?.includes(storage)) {
    status.storedVersions = [...(status.storedVersions ?? []), storage];
  }
  object['status'] = status;
}

export const customresourcedefinitions = define('apiextensions.k8s.io', 'v1', 'customresourcedefinitions', {
  storage: 'apiextensions.k8s.io/customresourcedefinitions',
  generationOf: ['spec'],
  unconditionalUpdate: false,
  returnsDeleted: true,
  prepareForCreate(object) {
    object['status'] = {};
    noteStorageVersion(object);
  },
  prepareForUpdate(object, old) {
    object['status'] = structuredClone(old['status']);
    noteStorageVersion(object);
  },
  warningsOf: (object, old) => definitionWarnings(definitionOf(object), old && definitionOf(old)),
  /** Its instances go first: whoever deletes them takes the finalizer away. */
  markDeleted(object) {
    const finalizers = object.metadata?.finalizers ?? [];
    if (!finalizers.includes(cleanupFinalizer)) {
      object.metadata = { ...object.metadata, finalizers: [...finalizers, cleanupFinalizer] };
    }
    // The deletion is no change of what is wanted, and has no time to wait for.
    const { deletionGracePeriodSeconds: _, ...metadata } = object.metadata ?? {};
    object.metadata = { ...metadata, generation: (metadata.generation ?? 1) - 1 };
    const { status } = definitionOf(object);
    object['status'] = withCondition(status, deletionPending, object.metadata?.deletionTimestamp ?? '');
  },
});
