import { newForbidden } from '../../api/meta/status.ts';
import type { AdmissionPlugin } from '../admission/admission.ts';
import { groupResourceOf } from '../endpoints/resource-request.ts';

/** Nothing is created of a kind whose definition is being deleted. */
export const definitionLifecycle: AdmissionPlugin = {
  name: 'CustomResourceDefinitionLifecycle',
  mutate({ operation, entry, name }) {
    if (operation !== 'CREATE' || !entry.custom?.isTerminating) return;
    const why = 'create not allowed while custom resource definition is terminating';
    throw newForbidden(groupResourceOf(entry), name, why);
  },
};
