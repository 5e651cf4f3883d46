import { messageOf } from '../../../base/message-of.ts';
import { randomUUID } from 'node:crypto';
import { isObject } from '../../../api/meta/clone.ts';
import type { Status } from '../../../api/types/meta-v1.ts';
import type { KubeObject } from '../../pipeline.ts';
import type { ResourceEntry } from '../../registry/resource-entry.ts';
import type { AdmissionRequest } from '../admission.ts';
import { inVersion } from '../matching.ts';
import { reviewRequest } from '../review-request.ts';

const group = 'admission.k8s.io';
const versions = ['v1', 'v1beta1'] as const;

export interface Review {
  readonly uid: string;
  readonly version: (typeof versions)[number];
  readonly body: object;
}

export interface ReviewAnswer {
  readonly allowed: boolean;
  readonly result: Status | undefined;
  readonly warnings: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
  /** operations of a JSON patch; undefined where none was sent */
  readonly patch: unknown;
}

/** Kept for tests of old webhooks: v1beta1 has the same fields. */
export const reviewOf = (request: AdmissionRequest, shown: ResourceEntry, accepted: readonly string[]): Review => {
  const version = accepted.map((name) => versions.find((known) => known === name)).find((known) => known !== undefined);
  if (version === undefined) throw new Error('webhook does not accept known AdmissionReview versions (v1, v1beta1)');
  const uid = randomUUID();
  const present = (object: KubeObject | undefined): KubeObject | null =>
    object === undefined ? null : inVersion(object, request.entry, shown);
  const body = {
    kind: 'AdmissionReview',
    apiVersion: `${group}/${version}`,
    request: {
      uid,
      ...reviewRequest(request, shown),
      object: present(request.object),
      oldObject: present(request.old),
    },
  };
  return { uid, version, body };
};

const invalid = (why: string): Error => new Error(why);

const decodePatch = (patch: unknown): unknown => {
  if (typeof patch !== 'string' || patch === '') return undefined;
  let decoded: unknown;
  try {
    decoded = JSON.parse(Buffer.from(patch, 'base64').toString('utf8'));
  } catch (error) {
    throw new UndecodablePatch(messageOf(error));
  }
  if (Array.isArray(decoded)) return decoded;
  const type = decoded === null ? 'null' : typeof decoded;
  throw new UndecodablePatch(`json: cannot unmarshal ${type} into Go value of type jsonpatch.Patch`);
};

/** `response.patch` is no JSON. */
export class UndecodablePatch extends Error {
  override readonly name = 'UndecodablePatch';
}

const checkPatchV1 = (response: Record<string, unknown>, mutating: boolean): void => {
  const hasPatch = typeof response['patch'] === 'string' && response['patch'] !== '';
  const type = response['patchType'];
  const hasType = type !== undefined && type !== null;
  if (!mutating) {
    if (hasPatch) throw invalid('validating webhook may not return response.patch');
    if (hasType) throw invalid('validating webhook may not return response.patchType');
    return;
  }
  if (hasPatch && !hasType) throw invalid('webhook returned response.patch but not response.patchType');
  if (!hasPatch && hasType) throw invalid('webhook returned response.patchType but not response.patch');
  if (type === '') throw invalid('webhook returned invalid response.patchType of ""');
};

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];

const textMap = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(isObject(value) ? value : {}).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );

/** Throws what is wrong with the answer. */
export const readReview = (review: Review, answer: unknown, mutating: boolean): ReviewAnswer => {
  const { uid, version } = review;
  const json = isObject(answer) ? answer : {};
  const { response } = json;
  if (!isObject(response)) throw invalid('webhook response was absent');
  if (version === 'v1') {
    const own = textOf(response['uid']);
    if (own !== uid) throw invalid(`expected response.uid="${uid}", got ${JSON.stringify(own)}`);
    const [apiVersion, kind] = [textOf(json['apiVersion']), textOf(json['kind'])];
    if (apiVersion !== `${group}/v1` || kind !== 'AdmissionReview') {
      const got = `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
      throw invalid(`expected webhook response of ${group}/v1, Kind=AdmissionReview, got ${got}`);
    }
    checkPatchV1(response, mutating);
  }
  return {
    allowed: response['allowed'] === true,
    result: isObject(response['status']) ? response['status'] : undefined,
    warnings: strings(response['warnings']),
    auditAnnotations: textMap(response['auditAnnotations']),
    patch: mutating ? decodePatch(response['patch']) : undefined,
  };
};

export const patchTypeOf = (answer: unknown): string => {
  const response = isObject(answer) ? answer['response'] : undefined;
  return isObject(response) && typeof response['patchType'] === 'string' ? response['patchType'] : 'JSONPatch';
};
