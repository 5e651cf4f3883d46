import type { KubeObject, User } from '../../pipeline.ts';
import { define } from '../../registry/resource-entry.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts';

export interface TestRequest extends AdmissionRequest {
  readonly object: KubeObject;
  readonly warnings: string[];
}

interface Asked {
  readonly operation?: AdmissionRequest['operation'];
  readonly subresource?: string;
  readonly old?: object;
  readonly user?: User;
  readonly dryRun?: boolean;
}

/** `admissionRequest('apps/deployments', {…})`: a create in the namespace `default`, unless told otherwise. */
export function admissionRequest(resource: string, object: object, asked: Asked = {}): TestRequest {
  const [group = '', plural = ''] = resource.includes('/') ? resource.split('/') : ['', resource];
  const entry = define(group, 'v1', plural);
  const given = structuredClone(object) as KubeObject;
  const warnings: string[] = [];
  return {
    operation: asked.operation ?? (asked.old === undefined ? 'CREATE' : 'UPDATE'),
    entry,
    subresource: asked.subresource ?? '',
    namespace: entry.info.namespaced ? 'default' : '',
    name: given.metadata?.name ?? '',
    object: given,
    old: asked.old as KubeObject | undefined,
    user: asked.user,
    dryRun: asked.dryRun ?? false,
    warnings,
    warn: (text) => void warnings.push(text),
  };
}

/** Both phases, as the chain runs them. */
export async function admit(plugin: AdmissionPlugin, request: AdmissionRequest): Promise<void> {
  await plugin.mutate?.(request);
  await plugin.validate?.(request);
}
