import type { AdmissionPlugin } from '../admission/admission.ts';
import type { EscalationGuard } from './escalation-guard.ts';

/** The guard as a rule of admission. The server's own writes have no user, and are its own affair. */
export const escalationAdmission = (guard: EscalationGuard): AdmissionPlugin => ({
  name: 'RBACEscalation',
  async validate({ operation, entry, namespace, name, object, old, user }) {
    if (operation === 'DELETE' || object === undefined || user === undefined) return;
    const { group, version, resource } = entry.info;
    const verb = operation === 'CREATE' ? 'create' : 'update';
    const info = {
      isResourceRequest: true,
      verb,
      path: '',
      group,
      version,
      resource,
      subresource: '',
      namespace,
      name,
    };
    await guard.check(user, info, object, old);
  },
});
