import { messageOf } from '../../../base/message-of.ts';
import { decodePatched } from '../../../api/codec/body.ts';
import { semanticEqual } from '../../../api/meta/deep-equal.ts';
import { newInternalError } from '../../../api/meta/status.ts';
import { applyJsonPatch } from '../../../api/patch/json-patch.ts';
import { typeOf } from '../../../api/schema/schema.ts';
import type { MutatingWebhook } from '../../../api/types/admissionregistration-v1.ts';
import { completed } from '../../endpoints/object-preparation.ts';
import { gvkOf } from '../../endpoints/resource-request.ts';
import type { Authorizer, KubeObject } from '../../pipeline.ts';
import type { ResourceEntry } from '../../registry/resource-entry.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts';
import { inVersion, isExempt, replaceContents } from '../matching.ts';
import { authorizationFor, shouldCall, webhooksOf, type Hook } from './webhook-hooks.ts';
import { invokeWebhook, type WebhookServices } from './webhook-invocation.ts';

const pluginName = 'MutatingAdmissionWebhook';

const patchedObject = (current: KubeObject, patch: unknown, shown: ResourceEntry): KubeObject => {
  const gvk = gvkOf(shown);
  try {
    const patched = applyJsonPatch(current, patch) as KubeObject;
    if (typeOf(gvk.group, gvk.version, gvk.kind) === undefined) return patched;
    return decodePatched(patched, gvk, 'Ignore').object;
  } catch (error) {
    throw newInternalError(messageOf(error));
  }
};

/** Changes the object as the patch says; did that change anything? */
const applyPatch = (request: AdmissionRequest, webhook: string, patch: unknown, shown: ResourceEntry): boolean => {
  if (!Array.isArray(patch) || patch.length === 0) return false;
  const { object, entry, subresource } = request;
  if (object === undefined) {
    const why = 'attempted to modify the object, which is not supported for this operation';
    throw newInternalError(`admission webhook ${JSON.stringify(webhook)} ${why}`);
  }
  const current = inVersion(object, entry, shown);
  // What is posted to a subresource is of a kind of its own, which the patch may change as it likes.
  const own = subresource === '' || subresource === 'status';
  const next = own ? patchedObject(current, patch, shown) : (applyJsonPatch(current, patch) as KubeObject);
  if (own) completed(shown, next);
  const changed = !semanticEqual(current, next);
  replaceContents(object, inVersion(next, shown, entry));
  return changed;
};

const auditPrefix = 'mutation.webhook.admission.k8s.io/';
const failedOpenPrefix = 'failed-open.mutation.webhook.admission.k8s.io/';

const annotate = (
  request: AdmissionRequest,
  hook: Hook<MutatingWebhook>,
  mutated: boolean,
  failedOpen: boolean,
): void => {
  const at = `round_${request.reinvocation?.round ?? 0}_index_${hook.index}`;
  const told = { configuration: hook.configuration, webhook: hook.webhook.name, mutated };
  request.annotate?.(`${auditPrefix}${at}`, JSON.stringify(told));
  if (failedOpen) request.annotate?.(`${failedOpenPrefix}${at}`, hook.webhook.name);
};

/** Asks mutating webhooks one after the other: each sees what those before it have changed. */
export const mutatingAdmissionWebhook = (services: WebhookServices, authorizer: Authorizer): AdmissionPlugin => ({
  name: pluginName,
  async mutate(request) {
    if (isExempt(request)) return;
    const { store } = services;
    const hooks = await webhooksOf<MutatingWebhook>('mutatingwebhookconfigurations', store);
    if (hooks.length === 0) return;
    const { reinvocation } = request;
    reinvocation?.begins(pluginName, request.object);
    for (const hook of hooks) {
      const { webhook } = hook;
      const shown = await shouldCall(webhook, request, store, authorizationFor(authorizer, request));
      const key = `${pluginName}/${hook.key}`;
      if (shown === undefined || reinvocation?.skips(key)) continue;
      const answer = await invokeWebhook(webhook, request, shown, services, 'admit');
      const changed = answer !== undefined && applyPatch(request, webhook.name, answer.patch, shown);
      annotate(request, hook, changed, answer === undefined);
      if (changed) reinvocation?.changed(pluginName);
      if (webhook.reinvocationPolicy === 'IfNeeded') reinvocation?.mayRunAgain(pluginName, key);
    }
    reinvocation?.ends(pluginName, request.object);
  },
});
