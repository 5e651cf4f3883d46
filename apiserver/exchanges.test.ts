/** Requests that a real 1.32 server was sent, in order, and its answers: ours must be the same. */
import t from 'tap';
import { isObject } from '../api/meta/clone.ts';
import { readTestdata } from '../api/testdata/read-testdata.ts';
import { startTestServer } from './testing/test-server.ts';

interface Exchange {
  title: string;
  request: { method: string; path: string; contentType?: string; body?: unknown };
  status: number;
  response: Record<string, unknown>;
  warning?: string;
}

/** Why an exchange is not replayed. */
const skipped: readonly (readonly [RegExp, string])[] = [
  [/server-side apply/, 'server-side apply is not supported yet'],
  [/custom resource|crd/, 'custom resources are not served yet'],
  [/selfsubject/, 'depends on the user of the recording'],
];
const unservedPaths = /customresource|ex\.io/;

/** Values that differ from one server to the next, wherever they stand. */
const replacements: readonly (readonly [RegExp, string])[] = [
  [/0xc[0-9a-f]{9}/g, '<pointer>'],
  [/10\.0\.0\.0\/16/g, '<range>'],
  [/\b10\.(0|96)\.\d+\.\d+(\/16)?\b/g, '<ip>'],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uid>'],
  [/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z/g, '<time>'],
  [/<range>|<ip>/g, '<net>'],
];
const normal = (text: string): string => replacements.reduce((out, [from, to]) => out.replaceAll(from, to), text);

/** conditions: written by a scheduler, of which there is none here */
const ignoredKeys: ReadonlySet<string> = new Set(['nodePort', 'conditions']);
/** What comes with service account tokens, which are not projected yet. */
const tokenVolume = /^kube-api-access-/;

/** `*` where it stands in the expected value, ignored keys gone, differing values replaced. */
function comparable(value: unknown, expected: unknown): unknown {
  if (expected === '*') return '*';
  if (typeof value === 'string') return normal(value);
  if (Array.isArray(value)) {
    const other = Array.isArray(expected) ? expected : [];
    const kept = value.filter((item) => !(isObject(item) && tokenVolume.test(String(item['name']))));
    return kept.map((item, i) => comparable(item, other[i]));
  }
  if (!isObject(value)) return value;
  const other = isObject(expected) ? expected : {};
  const entries = Object.entries(value)
    .filter(([key, item]) => !ignoredKeys.has(key) && !(key === 'creationTimestamp' && item === null))
    .map(([key, item]): [string, unknown] => [key, comparable(item, other[key])])
    .filter(([key, item]) => !((key === 'volumes' || key === 'volumeMounts') && Array.isArray(item) && !item.length))
    // pods have a generation since 1.33
    .filter(([key]) => key !== 'creationTimestamp' && (key !== 'generation' || other[key] !== undefined));
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

void t.test('a real server’s exchanges', async (t) => {
  const server = await startTestServer();
  t.teardown(() => server.stop());
  for (const exchange of readTestdata<Exchange[]>('exchanges.json')) {
    const { title, request, status, response, warning } = exchange;
    const why = skipped.find(([pattern]) => pattern.test(title))?.[1];
    if (why !== undefined || unservedPaths.test(request.path)) continue;
    await t.test(title, async (t) => {
      const { method, path, contentType, body } = request;
      const answer = await server.admin.request(method, path, { body, contentType });
      t.equal(answer.status, status, 'status');
      if ('text' in response) {
        t.equal(answer.text, response['text']);
        return;
      }
      t.same(comparable(answer.json, response), comparable(response, response));
      if (warning !== undefined) t.equal(answer.headers.get('warning'), warning);
    });
  }
});
