import { define, objectField } from '../resource-entry.ts';

export const namespaceFinalizer = 'kubernetes';

export const namespaces = define('', 'v1', 'namespaces', {
  returnsDeleted: true,
  prepareForCreate(object) {
    object['status'] = { phase: 'Active' };
    const spec = objectField(object, 'spec');
    const finalizers = (spec['finalizers'] as string[] | undefined) ?? [];
    if (!finalizers.includes(namespaceFinalizer)) spec['finalizers'] = [...finalizers, namespaceFinalizer];
  },
  prepareForUpdate(object, old) {
    object['status'] = old['status'];
    // Only /finalize changes them.
    object['spec'] = old['spec'];
  },
  heldBy: (object) => ((object['spec'] as { finalizers?: string[] } | undefined)?.finalizers ?? []).length > 0,
  markDeleted(object) {
    // nobody waits for a time to be over
    delete object.metadata?.deletionGracePeriodSeconds;
    object['status'] = { ...objectField(object, 'status'), phase: 'Terminating' };
  },
});
