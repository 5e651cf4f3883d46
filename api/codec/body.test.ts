import t from 'tap';
import { StatusError } from '../meta/status.ts';
import { parseGroupVersion } from '../schema/schema.ts';
import { readTestdata } from '../testdata/read-testdata.ts';
import { decodeBody, decodePatched, normalizeObject } from './body.ts';
import type { FieldValidation } from './body.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const pod = { group: '', version: 'v1', kind: 'Pod' };
const deployment = { group: 'apps', version: 'v1', kind: 'Deployment' };
const configMap = { group: '', version: 'v1', kind: 'ConfigMap' };

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof StatusError) return error.message;
    throw error;
  }
  return 'no error';
}

void t.test('wrong types, unknown and duplicate fields are worded as Go words them', (t) => {
  for (const { input, error } of readTestdata<{ input: string; error: string }[]>('../testdata/decode-errors.json')) {
    const { apiVersion, kind } = JSON.parse(input) as { apiVersion: string; kind: string };
    const gvk = { ...parseGroupVersion(apiVersion), kind };
    const message = messageOf(() => decodeBody(encode(input), 'application/json', gvk, 'Strict'));
    t.equal(
      message,
      `${kind} in version "${gvk.version}" cannot be handled as a ${kind}: ${error}`,
      input.slice(0, 120),
    );
  }
  t.end();
});

void t.test('fieldValidation decides what happens to unknown fields', (t) => {
  const body = encode(
    '{"spec":{"foo":1,"containers":[{"name":"a","name":"b","bar":2}]},"metadata":{"labels":{"x":"1","x":"2"}}}',
  );
  const errors = [
    'unknown field "spec.foo"',
    'duplicate field "spec.containers[0].name"',
    'unknown field "spec.containers[0].bar"',
    'duplicate field "metadata.labels.x"',
  ];
  const cases: [FieldValidation, string[]][] = [
    ['Ignore', []],
    ['Warn', errors],
  ];
  for (const [mode, warnings] of cases) {
    const decoded = decodeBody(body, 'application/json', pod, mode);
    t.same(decoded.warnings, warnings, mode);
    t.same(decoded.object['spec'], { containers: [{ name: 'b', resources: {} }] }, `${mode}: pruned`);
  }
  t.equal(
    messageOf(() => decodeBody(body, 'application/json', pod, 'Strict')),
    `Pod in version "v1" cannot be handled as a Pod: strict decoding error: ${errors.join(', ')}`,
  );
  t.end();
});

void t.test('bodies that are no such object', (t) => {
  const cases: [name: string, body: string, message: string][] = [
    [
      'no JSON',
      'hello',
      "the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: " +
        "invalid character 'h' looking for beginning of value (68656c6c6f)",
    ],
    [
      'cut off',
      '{"kind":"Pod","metadata":{"name":"abcdefgh"',
      "the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: " +
        'unexpected end of JSON input ({"kind":"Pod","metadata":{"nam ...)',
    ],
    [
      'empty',
      '',
      "the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: " +
        'unexpected end of JSON input (<empty>)',
    ],
    [
      'unknown kind',
      '{"kind":"Foo","apiVersion":"v1"}',
      'Foo in version "v1" cannot be handled as a Pod: no kind "Foo" is registered for version "v1" in scheme ' +
        '"pkg/api/legacyscheme/scheme.go:30"',
    ],
    [
      'kind named like a property of every object',
      '{"kind":"constructor","apiVersion":"v1"}',
      'constructor in version "v1" cannot be handled as a Pod: no kind "constructor" is registered for version "v1" ' +
        'in scheme "pkg/api/legacyscheme/scheme.go:30"',
    ],
  ];
  for (const [name, body, message] of cases) {
    t.equal(
      messageOf(() => decodeBody(encode(body), 'application/json', pod)),
      message,
      name,
    );
  }
  t.equal(
    messageOf(() =>
      decodeBody(encode('{"kind":"HorizontalPodAutoscaler","apiVersion":"autoscaling/v1"}'), 'application/json', {
        group: 'autoscaling',
        version: 'v2',
        kind: 'HorizontalPodAutoscaler',
      }),
    ),
    'the API version in the data (autoscaling/v1) does not match the expected API version (autoscaling/v2)',
  );
  t.end();
});

void t.test('an object is kept in the form Go writes', (t) => {
  const { object } = decodeBody(
    encode(
      '{"metadata":{"name":"x","labels":{},"annotations":null,"creationTimestamp":null},"spec":{"paused":false,"replicas":0}}',
    ),
    'application/json',
    deployment,
  );
  t.same(object, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'x' },
    spec: {
      replicas: 0,
      selector: null,
      strategy: {},
      template: { metadata: {}, spec: { containers: null } },
    },
    status: {},
  });
  t.end();
});

void t.test('hostile keys of maps stay data; as fields they are unknown', (t) => {
  const body = '{"data":{"__proto__":"a","constructor":"b"},"__proto__":{"data":{"c":"d"}},"hasOwnProperty":1}';
  const { object, warnings } = decodeBody(encode(body), 'application/json', configMap);
  t.same(Object.keys(object['data'] as object), ['__proto__', 'constructor']);
  t.same(warnings, ['unknown field "__proto__"', 'unknown field "hasOwnProperty"']);
  t.equal(Object.getPrototypeOf(object), Object.prototype);
  t.equal(({} as { data?: unknown }).data, undefined);
  t.end();
});

void t.test('YAML bodies decode like JSON ones, duplicates are strict errors with their line', (t) => {
  const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  a: "1"\n  a: "2"\n';
  const { object, warnings } = decodeBody(encode(yaml), 'application/yaml', configMap);
  t.same(object['data'], { a: '2' });
  t.same(warnings, ['yaml: unmarshal errors:\n  line 7: key "a" already set in map']);
  t.match(
    messageOf(() => decodeBody(encode(yaml), 'application/yaml', configMap, 'Strict')),
    /strict decoding error/,
  );
  t.match(
    messageOf(() => decodeBody(encode('a: ['), 'application/yaml', configMap)),
    /must be of type ConfigMap\): yaml: /,
  );
  t.end();
});

void t.test('what a patch made no object of is Invalid', (t) => {
  t.match(
    messageOf(() => decodePatched({ spec: { replicas: 'x' } }, deployment)),
    / "" is invalid: patch: Invalid value: .*json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas/,
  );
  t.match(
    messageOf(() => decodePatched({ spec: { foo: 1 } }, deployment, 'Strict')),
    /unknown field \\?"spec.foo/,
  );
  t.end();
});

void t.test('normalizing twice changes nothing', (t) => {
  const once = normalizeObject({ spec: { containers: [{ name: 'a', resources: { limits: { cpu: '1000m' } } }] } }, pod);
  t.same(normalizeObject(once, pod), once);
  t.end();
});
