import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '../../../api/types/admissionregistration-v1.ts';
import { environmentOf } from '../../../api/cel/admission-environment.ts';
import { newForbidden } from '../../../api/meta/status.ts';
import { groupResourceOf } from '../../endpoints/resource-request.ts';
import type { Authorizer, KubeObject, ObjectStore } from '../../pipeline.ts';
import type { ResourceEntry } from '../../registry/resource-entry.ts';
import type { AdmissionRequest } from '../admission.ts';
import { Activation, Authorization, type Subject } from '../evaluation.ts';
import { compileConditions, conditionsHold, type CompiledConditions } from '../match-conditions.ts';
import { inVersion, matchRules, selectorsMatch } from '../matching.ts';

export type Webhook = MutatingWebhook | ValidatingWebhook;

/** One webhook of a configuration. */
export interface Hook<W extends Webhook> {
  readonly webhook: W;
  readonly configuration: string;
  /** tells it from all others */
  readonly key: string;
  /** among all hooks of its sort */
  readonly index: number;
}

const group = 'admissionregistration.k8s.io';

type Configuration<W extends Webhook> = KubeObject & { webhooks?: W[] };

/** All webhooks, configurations by name, each in its own order. */
export const webhooksOf = async <W extends Webhook>(
  resource: 'mutatingwebhookconfigurations' | 'validatingwebhookconfigurations',
  store: ObjectStore,
): Promise<Hook<W>[]> => {
  const configurations = (await store.list(group, resource)) as readonly (
    MutatingWebhookConfiguration | ValidatingWebhookConfiguration
  )[] as readonly Configuration<W>[];
  const hooks: Hook<W>[] = [];
  for (const { metadata, webhooks = [] } of configurations) {
    const configuration = metadata?.name ?? '';
    for (const webhook of webhooks) {
      const key = `${configuration}/${webhook.name}`;
      hooks.push({ webhook, configuration, key, index: hooks.length });
    }
  }
  return hooks;
};

const conditionEnvironment = environmentOf({ params: false, authorizer: true });
const compiled = new WeakMap<Webhook, CompiledConditions>();

const conditionsOf = (webhook: Webhook): CompiledConditions => {
  const known = compiled.get(webhook) ?? compileConditions(webhook.matchConditions, conditionEnvironment);
  compiled.set(webhook, known);
  return known;
};

const conditionsMatch = async (
  webhook: Webhook,
  request: AdmissionRequest,
  shown: ResourceEntry,
  authorization: Authorization,
): Promise<boolean> => {
  if (!webhook.matchConditions?.length) return true;
  const conditions = conditionsOf(webhook);
  const subject: Subject = {
    request,
    shown,
    object: request.object && inVersion(request.object, request.entry, shown),
    old: request.old && inVersion(request.old, request.entry, shown),
    namespace: undefined,
    authorization,
  };
  const match = await authorization.settle(() => conditionsHold(conditions, new Activation(subject).variable));
  if (!('error' in match)) return match.matches;
  if (webhook.failurePolicy === 'Ignore') return false;
  throw newForbidden(groupResourceOf(request.entry), request.name, match.error);
};

/** In whose words the webhook is to be told of the request; undefined where it is not to be. Throws a StatusError. */
export const shouldCall = async (
  webhook: Webhook,
  request: AdmissionRequest,
  store: ObjectStore,
  authorization: Authorization,
): Promise<ResourceEntry | undefined> => {
  const shown = matchRules(webhook.rules ?? [], webhook.matchPolicy, request);
  if (shown === undefined) return undefined;
  if (!(await selectorsMatch(webhook, request, store))) return undefined;
  return (await conditionsMatch(webhook, request, shown, authorization)) ? shown : undefined;
};

export const authorizationFor = (authorizer: Authorizer, request: AdmissionRequest): Authorization =>
  new Authorization(authorizer, request.user);
