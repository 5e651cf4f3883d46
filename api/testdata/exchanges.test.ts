import t from 'tap';
import { decodeBody } from '../codec/body.ts';
import type { JsonObject } from '../codec/body.ts';
import { applyDefaults } from '../defaults/defaults.ts';
import { clone, isObject } from '../meta/clone.ts';
import { deepEqual } from '../meta/deep-equal.ts';
import { parseLabelSelector } from '../meta/labels.ts';
import {
  newAlreadyExists,
  newBadRequest,
  newConflict,
  newInvalid,
  newNotFound,
  newUnsupportedMediaType,
  StatusError,
  successStatus,
} from '../meta/status.ts';
import { applyPatch, parsePatch, patchMediaTypes } from '../patch/apply-patch.ts';
import { parseGroupVersion } from '../schema/schema.ts';
import type { GroupVersionKind } from '../schema/schema.ts';
import { clusterIpOutOfRange, nodePortTaken } from '../validation/service.ts';
import { validateCreate } from '../validation/validate.ts';
import { readTestdata } from './read-testdata.ts';

interface Exchange {
  title: string;
  request: { method: string; path: string; contentType?: string; body?: JsonObject | string };
  status: number;
  response: JsonObject;
  warning?: string;
}

const exchanges = readTestdata<Exchange[]>('exchanges.json');
const named = (title: string): Exchange => {
  const found = exchanges.find((e) => e.title === title);
  if (found === undefined) throw new Error(`no exchange "${title}"`);
  return found;
};

/** The kind that the path takes, as the body says it. */
const kinds: Record<string, string> = { pods: 'Pod', services: 'Service', deployments: 'Deployment' };

function expectedKind(exchange: Exchange): GroupVersionKind {
  const body = exchange.request.body as JsonObject;
  const resource = exchange.request.path.split('?')[0]?.split('/').pop() ?? '';
  return { ...parseGroupVersion(String(body['apiVersion'])), kind: kinds[resource] ?? String(body['kind']) };
}

/** answered, never stored: they have no names; Jobs get their selector, claims a finalizer from the server */
const reviews = /^selfsubject|^job |^persistentvolumeclaim/;

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

function created(exchange: Exchange): { gvk: GroupVersionKind; object: JsonObject; warnings: string[] } {
  const gvk = expectedKind(exchange);
  const { object, warnings } = decodeBody(bytes(exchange.request.body), 'application/json', gvk);
  const namespace = /\/namespaces\/([^/]+)\//.exec(exchange.request.path)?.[1];
  if (namespace !== undefined) (object['metadata'] as JsonObject)['namespace'] = namespace;
  // admission names the account before an object is validated
  const spec = object['spec'];
  if (gvk.kind === 'Pod' && isObject(spec)) spec['serviceAccountName'] = 'default';
  return { gvk, object: applyDefaults(object, gvk), warnings };
}

/** What admission, allocation and the store add to an answer is not the object model's; it is taken off. */
function withoutServerParts(answer: JsonObject): JsonObject {
  const object = clone(answer);
  delete object['status'];
  const drop = (from: unknown, ...keys: string[]): void => {
    if (isObject(from)) for (const key of keys) delete from[key];
  };
  const meta = object['metadata'];
  drop(meta, 'uid', 'resourceVersion', 'creationTimestamp', 'managedFields', 'generation');
  const spec = object['spec'];
  if (!isObject(spec)) return object;
  drop(spec, 'clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'finalizers', 'taints');
  drop(spec, 'serviceAccount', 'serviceAccountName', 'tolerations', 'priority', 'preemptionPolicy');
  for (const port of (spec['type'] === 'LoadBalancer' ? spec['ports'] : []) as JsonObject[]) drop(port, 'nodePort');
  const own = (entry: JsonObject): boolean => !String(entry['name']).startsWith('kube-api-access');
  const trim = (from: JsonObject, key: string): void => {
    if (!Array.isArray(from[key])) return;
    from[key] = (from[key] as JsonObject[]).filter(own);
    if ((from[key] as unknown[]).length === 0) delete from[key];
  };
  trim(spec, 'volumes');
  for (const container of (spec['containers'] ?? []) as JsonObject[]) trim(container, 'volumeMounts');
  // 1.32 wrote null here, 1.36 writes nothing
  const template = spec['template'];
  if (isObject(template)) drop(template['metadata'], 'creationTimestamp');
  return object;
}

void t.test('defaults are those of a real server', (t) => {
  const posts = exchanges.filter((e) => e.request.method === 'POST' && e.status === 201 && !reviews.test(e.title));
  t.ok(posts.length >= 18);
  for (const exchange of posts) {
    const { gvk, object, warnings } = created(exchange);
    const wanted = withoutServerParts(exchange.response);
    t.same(withoutServerParts(clone(object)), wanted, exchange.title);
    if (exchange.warning !== undefined) {
      t.equal(`299 - ${JSON.stringify(warnings[0])}`, exchange.warning, `${exchange.title}: warning`);
    }
    // addresses and ports are allocated before a service is validated
    if (gvk.kind !== 'Service') t.same(validateCreate(gvk, object), [], `${exchange.title}: valid`);
  }
  t.end();
});

const caught = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    if (error instanceof StatusError) return error.status;
    throw error;
  }
  return undefined;
};

void t.test('bad objects are refused in a real server’s words', (t) => {
  const bad = exchanges.filter(
    (e) => e.request.method === 'POST' && (e.status === 422 || e.status === 400) && !e.title.includes('service'),
  );
  t.ok(bad.length >= 9);
  for (const exchange of bad) {
    const status = caught(() => {
      const { gvk, object } = created(exchange);
      const errors = validateCreate(gvk, object);
      if (errors.length > 0) throw newInvalid(gvk, (object['metadata'] as { name: string }).name, errors);
    });
    // Go shows addresses of its memory
    const text = (value: unknown): unknown => JSON.parse(JSON.stringify(value).replaceAll(/0xc[0-9a-f]{9}/g, ''));
    t.same(text(status), text(exchange.response), exchange.title);
  }
  t.end();
});

void t.test('status answers have a real server’s form', (t) => {
  const core = (resource: string) => ({ group: '', resource });
  const service = { group: '', kind: 'Service' };
  const cases: [title: string, status: unknown][] = [
    ['bad: pod in missing namespace', newNotFound(core('namespaces'), 'nope').status],
    ['bad: get not found', newNotFound(core('pods'), 'nope').status],
    ['bad: pod exists', newAlreadyExists(core('pods'), 'p1').status],
    ['bad: update with stale resourceVersion', newConflict(core('configmaps'), 'x').status],
    ['bad: unsupported media type', newUnsupportedMediaType().status],
    ['bad: service nodePort taken', newInvalid(service, 'b23', [nodePortTaken(0, 30080)]).status],
    [
      'bad: service clusterIP out of range',
      newInvalid(service, 'b25', [clusterIpOutOfRange(['1.2.3.4'], '1.2.3.4', '10.0.0.0/16')]).status,
    ],
    [
      'bad: delete with wrong uid precondition',
      newConflict(
        { group: '', kind: 'ConfigMap' },
        'x',
        'the UID in the precondition (zzz) does not match the UID in record (64669061-f7fd-4766-a476-ee474a3dd7a8). ' +
          'The object might have been deleted and then recreated',
      ).status,
    ],
    ['delete configmap', successStatus({ name: 'x', kind: 'configmaps', uid: '64669061-f7fd-4766-a476-ee474a3dd7a8' })],
  ];
  for (const [title, status] of cases) t.same(status, named(title).response, title);
  const selector = caught(() => {
    try {
      parseLabelSelector('a in (');
    } catch (error) {
      throw newBadRequest((error as Error).message);
    }
  });
  t.same(selector, named('bad: label selector invalid').response);
  t.end();
});

void t.test('patches have a real server’s results', (t) => {
  const gvk = { group: 'apps', version: 'v1', kind: 'Deployment' };
  let current = created(named('deployment minimal')).object;
  (current['spec'] as JsonObject)['replicas'] = 4;
  for (const title of ['deployment strategic patch adds container', 'deployment json patch']) {
    const { request, response } = named(title);
    const kind = patchMediaTypes[request.contentType ?? ''] ?? 'merge';
    const patched = applyPatch(kind, current, parsePatch(bytes(request.body), kind), gvk);
    current = applyDefaults(patched.object, gvk);
    t.ok(deepEqual(withoutServerParts(current), withoutServerParts(response)), title);
  }
  const { request, response } = named('bad: json patch test fails');
  const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { a: 'z' } };
  const status = caught(() =>
    applyPatch('json', config, request.body, { group: '', version: 'v1', kind: 'ConfigMap' }),
  );
  t.same(status, response, 'a failed test operation');
  t.end();
});
