import type { ValidatingWebhook } from '../../../api/types/admissionregistration-v1.ts';
import type { Authorizer } from '../../pipeline.ts';
import type { ResourceEntry } from '../../registry/resource-entry.ts';
import type { AdmissionPlugin } from '../admission.ts';
import { isExempt } from '../matching.ts';
import { authorizationFor, shouldCall, webhooksOf, type Hook } from './webhook-hooks.ts';
import { invokeWebhook, type WebhookServices } from './webhook-invocation.ts';

const prefix = 'failed-open.validating.webhook.admission.k8s.io/round_0_index_';

/** Asks all validating webhooks that a request concerns, side by side; one no is enough. */
export const validatingAdmissionWebhook = (services: WebhookServices, authorizer: Authorizer): AdmissionPlugin => ({
  name: 'ValidatingAdmissionWebhook',
  async validate(request) {
    if (isExempt(request)) return;
    const { store } = services;
    const hooks = await webhooksOf<ValidatingWebhook>('validatingwebhookconfigurations', store);
    if (hooks.length === 0) return;
    const authorization = authorizationFor(authorizer, request);
    const calls: { hook: Hook<ValidatingWebhook>; shown: ResourceEntry }[] = [];
    for (const hook of hooks) {
      const shown = await shouldCall(hook.webhook, request, store, authorization);
      if (shown !== undefined) calls.push({ hook, shown });
    }
    const outcomes = await Promise.allSettled(
      calls.map(async ({ hook, shown }, index) => {
        const answer = await invokeWebhook(hook.webhook, request, shown, services, 'validating');
        if (answer === undefined) request.annotate?.(`${prefix}${index}`, hook.webhook.name);
      }),
    );
    const refused = outcomes.find((outcome) => outcome.status === 'rejected');
    if (refused !== undefined) throw refused.reason;
  },
});
