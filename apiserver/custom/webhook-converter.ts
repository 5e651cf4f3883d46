import { messageOf } from '../../base/message-of.ts';
import { randomUUID } from 'node:crypto';
import { isObject } from '../../api/meta/clone.ts';
import { aggregateText } from '../../api/meta/field-error.ts';
import { validateLabels } from '../../api/meta/labels.ts';
import { validateAnnotations } from '../../api/meta/object-meta.ts';
import { StatusError } from '../../api/meta/status.ts';
import { parseGroupVersion } from '../../api/schema/schema.ts';
import type { WebhookConversion } from '../../api/types/apiextensions-v1.ts';
import { callWebhook } from '../admission/webhook/webhook-call.ts';
import { webhookTarget } from '../admission/webhook/webhook-target.ts';
import type { KubeObject, ObjectStore } from '../pipeline.ts';
import type { VersionConverter } from './stored-form.ts';

const timeoutMs = 30_000;
const group = 'apiextensions.k8s.io';
const knownReviews: readonly string[] = ['v1', 'v1beta1'];

interface ReviewResponse {
  readonly uid?: string;
  readonly convertedObjects?: unknown[];
  readonly result?: { readonly status?: string; readonly message?: string };
}

/** `stable.example.com/v1, Kind=CronTab` */
const shownKind = (object: KubeObject): string => `${object.apiVersion ?? ''}, Kind=${object.kind ?? ''}`;

/** A webhook makes one version of objects out of another, many at once. It may change all but who an object is. */
export class WebhookConverter implements VersionConverter {
  readonly #webhook: WebhookConversion;
  readonly #store: ObjectStore;

  constructor(webhook: WebhookConversion, store: ObjectStore) {
    this.#webhook = webhook;
    this.#store = store;
  }

  async convert(objects: KubeObject[], apiVersion: string): Promise<KubeObject[]> {
    const [first] = objects;
    if (first === undefined) return [];
    const refuse = (why: string): StatusError =>
      new StatusError(500, '', `conversion webhook for ${shownKind(first)} ${why}`);
    const converted = await this.#ask(objects, apiVersion).catch((error: unknown) => {
      throw refuse(`failed: ${messageOf(error)}`);
    });
    if (converted.length !== objects.length) {
      throw refuse(`returned ${converted.length} objects, expected ${objects.length}`);
    }
    return objects.map((original, i) => {
      try {
        return checked(original, converted[i], apiVersion);
      } catch (error) {
        throw refuse(`returned invalid object at index ${i}: ${messageOf(error)}`);
      }
    });
  }

  async #ask(objects: readonly KubeObject[], desiredAPIVersion: string): Promise<unknown[]> {
    const version = this.#webhook.conversionReviewVersions.find((name) => knownReviews.includes(name));
    if (version === undefined) throw new Error('no supported conversion review versions');
    const target = await webhookTarget(this.#webhook.clientConfig ?? {}, this.#store);
    const uid = randomUUID();
    const apiVersion = `${group}/${version}`;
    const review = { kind: 'ConversionReview', apiVersion, request: { uid, desiredAPIVersion, objects } };
    const answer = await callWebhook(target, review, timeoutMs);
    if (!isObject(answer)) throw new Error('no response provided');
    const { kind, response } = answer;
    if (version === 'v1' && (kind !== 'ConversionReview' || answer['apiVersion'] !== apiVersion)) {
      const found = parseGroupVersion(typeof answer['apiVersion'] === 'string' ? answer['apiVersion'] : '');
      const got = `${found.group}/${found.version}, Kind=${typeof kind === 'string' ? kind : ''}`;
      throw new Error(`expected webhook response of ${apiVersion}, Kind=ConversionReview, got ${got}`);
    }
    if (!isObject(response)) throw new Error('no response provided');
    return objectsOf(response, version === 'v1' ? uid : undefined);
  }
}

function objectsOf(response: ReviewResponse, uid: string | undefined): unknown[] {
  if (uid !== undefined && response.uid !== uid) {
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`);
  }
  const { status = '', message } = response.result ?? {};
  if (status !== 'Success') throw new Error(message || `response.result.status was '${status}', not 'Success'`);
  return response.convertedObjects ?? [];
}

/** The converted object, with the original's metadata but for labels and annotations. Throws what is wrong with it. */
function checked(original: KubeObject, converted: unknown, apiVersion: string): KubeObject {
  if (!isObject(converted)) throw new Error('invalid type, expected an object');
  const object: KubeObject = converted;
  if (object.apiVersion !== apiVersion) {
    throw new Error(`invalid groupVersion (expected ${apiVersion}, received ${object.apiVersion ?? ''})`);
  }
  if (object.kind !== original.kind) {
    throw new Error(`invalid kind (expected ${original.kind ?? ''}, received ${object.kind ?? ''})`);
  }
  if (!isObject(converted['metadata'])) throw new Error('missing metadata in converted object');
  const { metadata = {} } = object;
  const before = original.metadata ?? {};
  for (const [field, shown] of [
    ['name', 'name'],
    ['namespace', 'namespace'],
    ['uid', 'UID'],
  ] as const) {
    const [expected, found] = [before[field] ?? '', metadata[field] ?? ''];
    if (expected !== found) throw new Error(`must have the same ${shown}: ${expected} != ${found}`);
  }
  const { labels, annotations } = metadata;
  const errors = [
    ...validateLabels(labels, 'metadata.labels'),
    ...validateAnnotations(annotations, 'metadata.annotation'),
  ];
  if (errors.length > 0) throw new Error(aggregateText(errors));
  const { labels: _, annotations: __, ...kept } = before;
  return { ...object, metadata: { ...kept, ...(labels && { labels }), ...(annotations && { annotations }) } };
}
