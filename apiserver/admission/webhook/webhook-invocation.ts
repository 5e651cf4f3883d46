import { messageOf } from '../../../base/message-of.ts';
import { newBadRequest, newInternalError, StatusError } from '../../../api/meta/status.ts';
import type { Status } from '../../../api/types/meta-v1.ts';
import type { Clock } from '../../../base/clock.ts';
import type { ObjectStore } from '../../pipeline.ts';
import type { ResourceEntry } from '../../registry/resource-entry.ts';
import type { AdmissionRequest } from '../admission.ts';
import { patchTypeOf, readReview, reviewOf, UndecodablePatch, type ReviewAnswer } from './admission-review.ts';
import { callWebhook, CallFailure } from './webhook-call.ts';
import type { Webhook } from './webhook-hooks.ts';
import type { WebhookMetrics } from './webhook-metrics.ts';
import { webhookTarget } from './webhook-target.ts';

const secondsDefault = 10;

/** What webhooks are called with. */
export interface WebhookServices {
  readonly store: ObjectStore;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly metrics: WebhookMetrics | undefined;
}

/** The webhook could not be asked; its failurePolicy says what that means. */
export class WebhookFailure extends Error {
  override readonly name = 'WebhookFailure';
  readonly code: number;
  constructor(webhook: string, reason: string, code: number) {
    super(`failed calling webhook ${JSON.stringify(webhook)}: ${reason}`);
    this.code = code;
  }
}

/** What a webhook says no with, as a Status that is one. */
const rejection = (webhook: string, result: Status | undefined): StatusError => {
  const by = `admission webhook ${JSON.stringify(webhook)} denied the request`;
  const why = result?.message || result?.reason;
  const code = Math.max(result?.code ?? 0, 400);
  const message = why ? `${by}: ${why}` : `${by} without explanation`;
  const error = new StatusError(code, result?.reason ?? '', message, result?.details);
  if (result?.status && result.status !== 'Success') error.status.status = result.status;
  return error;
};

const checkDryRun = ({ name, sideEffects }: Webhook): void => {
  if (sideEffects === undefined) throw new WebhookFailure(name, 'Webhook SideEffects is nil', 400);
  if (sideEffects !== 'None' && sideEffects !== 'NoneOnDryRun') {
    throw newBadRequest(`admission webhook ${JSON.stringify(name)} does not support dry run`);
  }
};

const ask = async (
  webhook: Webhook,
  request: AdmissionRequest,
  shown: ResourceEntry,
  { store }: WebhookServices,
  mutating: boolean,
): Promise<ReviewAnswer> => {
  const { name, clientConfig, timeoutSeconds = secondsDefault } = webhook;
  if (request.dryRun) checkDryRun(webhook);
  const failed = (what: string, error: unknown, code: number): WebhookFailure =>
    new WebhookFailure(name, `${what}: ${messageOf(error)}`, code);
  let answer: unknown;
  let review;
  try {
    review = reviewOf(request, shown, webhook.admissionReviewVersions);
  } catch (error) {
    throw failed('could not create admission objects', error, 400);
  }
  try {
    const target = await webhookTarget(clientConfig, store);
    answer = await callWebhook(target, review.body, timeoutSeconds * 1000);
  } catch (error) {
    throw failed('failed to call webhook', error, error instanceof CallFailure && error.code !== 0 ? error.code : 503);
  }
  try {
    const result = readReview(review, answer, mutating);
    const type = patchTypeOf(answer);
    if (mutating && result.patch !== undefined && type !== 'JSONPatch') {
      throw new WebhookFailure(name, `unsupported patch type ${JSON.stringify(type)}`, 503);
    }
    return result;
  } catch (error) {
    if (error instanceof WebhookFailure) throw error;
    const what =
      error instanceof UndecodablePatch
        ? 'received undecodable patch in webhook response'
        : 'received invalid webhook response';
    throw failed(what, error, 503);
  }
};

/**
 * Asks a webhook. Undefined: it could not be asked, and is not needed. Throws a StatusError where the request must not
 * go on.
 */
export const invokeWebhook = async (
  webhook: Webhook,
  request: AdmissionRequest,
  shown: ResourceEntry,
  services: WebhookServices,
  type: 'admit' | 'validating',
): Promise<ReviewAnswer | undefined> => {
  const { metrics, clock } = services;
  const { name } = webhook;
  const { operation } = request;
  const startedMs = clock.monotonicMs();
  const observe = (code: number, rejected: boolean): void =>
    metrics?.called({ name, type, operation, code, rejected }, (clock.monotonicMs() - startedMs) / 1000);
  try {
    const answer = await ask(webhook, request, shown, services, type === 'admit');
    for (const [key, value] of Object.entries(answer.auditAnnotations)) request.annotate?.(`${name}/${key}`, value);
    for (const text of answer.warnings) request.warn?.(text);
    if (!answer.allowed) throw rejection(name, answer.result);
    observe(200, false);
    return answer;
  } catch (error) {
    if (error instanceof WebhookFailure) {
      const ignored = webhook.failurePolicy === 'Ignore';
      observe(error.code, !ignored);
      if (ignored) {
        metrics?.failedOpen(name, type);
        return undefined;
      }
      metrics?.rejected({ name, type, operation }, 'calling_webhook_error', error.code);
      throw newInternalError(error.message);
    }
    if (error instanceof StatusError) {
      const { code = 0 } = error.status;
      observe(code, true);
      metrics?.rejected({ name, type, operation }, 'no_error', code);
    }
    throw error;
  }
};
