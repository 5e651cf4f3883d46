import t from 'tap';
import { applyDefaults } from '../defaults/defaults.ts';
import { fromHex, readTestdata, toHex } from '../testdata/read-testdata.ts';
import { parseGroupVersion } from '../schema/schema.ts';
import type { GroupVersionKind } from '../schema/schema.ts';
import { decodeBody } from './body.ts';
import { decodeObject, encodeObject, encodeWatchEvent, frame, ProtobufError } from './protobuf.ts';
import { nestingMax } from './json-scanner.ts';

/** Made with the serializers of k8s.io/apimachinery 0.36 from `input`. */
interface Vector {
  input: string;
  json: Record<string, unknown>;
  hex: string;
}
const vectors = readTestdata<Vector[]>('../testdata/protobuf.json');
const kindOf = (json: Record<string, unknown>): GroupVersionKind => ({
  ...parseGroupVersion(String(json['apiVersion'])),
  kind: String(json['kind']),
});
const configMap = { group: '', version: 'v1', kind: 'ConfigMap' };

void t.test('objects are encoded byte for byte as k8s.io/api encodes them', (t) => {
  for (const { json, hex, input } of vectors) t.equal(toHex(encodeObject(json, kindOf(json))), hex, input.slice(0, 80));
  t.end();
});

void t.test('bytes of k8s.io/api decode to what Go writes as JSON', (t) => {
  for (const { json, hex, input } of vectors) {
    // Go reads a required list without items as nil
    const decoded = decodeObject(fromHex(hex));
    t.same(nullAsEmpty(decoded), nullAsEmpty(json), input.slice(0, 80));
    t.equal(toHex(encodeObject(decoded, kindOf(json))), hex, 'and encode to the same bytes again');
  }
  t.end();
});

function nullAsEmpty(value: unknown): unknown {
  if (value === null) return [];
  if (Array.isArray(value)) return value.map(nullAsEmpty);
  if (typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, nullAsEmpty(v)]));
}

void t.test('unknown field numbers of any wire type are skipped', (t) => {
  const plain = encodeObject({ metadata: { name: 'x' }, data: { a: 'b' } }, configMap);
  const known = toHex(plain);
  // the raw field (12) grows by: field 900 varint, 901 bytes, 902 fixed64, 903 fixed32
  const extra = ['a03801', 'aa380161', 'b1380000000000000000', 'bd3800000000'].join('');
  const at = known.indexOf('12', 8 + 2 * 17);
  const length = parseInt(known.slice(at + 2, at + 4), 16) + extra.length / 2;
  const bytes = fromHex(
    known.slice(0, at + 2) + length.toString(16).padStart(2, '0') + known.slice(at + 4, -8) + extra + known.slice(-8),
  );
  t.same(decodeObject(bytes), decodeObject(plain));
  t.end();
});

void t.test('hostile map keys stay data', (t) => {
  const data = JSON.parse('{"__proto__":"x","constructor":"y","toString":"z"}') as Record<string, string>;
  const decoded = decodeObject(encodeObject({ metadata: {}, data }, configMap));
  t.same(Object.keys(decoded['data'] as object).sort(), ['__proto__', 'constructor', 'toString']);
  t.equal(Object.getPrototypeOf(decoded['data']), Object.prototype);
  t.end();
});

const caught = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
};

void t.test('broken bytes are refused, never misread', (t) => {
  const whole = encodeObject({ metadata: { name: 'x', labels: { a: 'b' } }, data: { a: 'b' } }, configMap);
  // after the 21 bytes of prefix and type, what is left is a whole message of an empty object
  for (let length = 0; length < whole.length - 4; length++) {
    if (length === 21) continue;
    t.throws(() => decodeObject(whole.subarray(0, length)), ProtobufError, `cut off after ${length} bytes`);
  }
  t.throws(() => decodeObject(fromHex('00000000')), { message: /does not appear to be a protobuf message/ });
  t.match(
    caught(() => decodeBody(fromHex('6b387300ff'), 'application/vnd.kubernetes.protobuf', configMap)),
    {
      code: 400,
      reason: 'BadRequest',
    },
  );
  t.end();
});

void t.test('nesting deeper than the limit is refused', (t) => {
  let json = '{"a":1}';
  for (let i = 0; i < nestingMax + 1; i++) json = `{"a":${json}}`;
  const deep = `{"apiVersion":"v1","kind":"List","items":[${json}]}`;
  const error = caught(() =>
    decodeBody(new TextEncoder().encode(deep), 'application/json', { group: '', version: 'v1', kind: 'List' }),
  );
  t.match(error, { message: /exceeded max depth/ });
  t.end();
});

void t.test('a kubectl create arrives as the object that JSON would have brought', (t) => {
  const vector = vectors.find((v) => v.input.includes('"image":"nginx"'));
  if (vector === undefined) throw new Error('no vector of a deployment');
  const gvk = kindOf(vector.json);
  const fromBytes = decodeBody(fromHex(vector.hex), 'application/vnd.kubernetes.protobuf', gvk).object;
  const fromText = decodeBody(new TextEncoder().encode(vector.input), 'application/json', gvk).object;
  t.same(applyDefaults(fromBytes, gvk), applyDefaults(fromText, gvk));
  t.end();
});

void t.test('a watch event is a bare message whose object has the envelope', (t) => {
  const object = { metadata: { name: 'x' } };
  const event = encodeWatchEvent('ADDED', object, configMap);
  const inner = toHex(encodeObject(object, configMap));
  t.ok(toHex(event).startsWith('0a054144444544'));
  t.ok(toHex(event).endsWith(inner));
  t.equal(toHex(frame(event)).slice(0, 8), event.length.toString(16).padStart(8, '0'));
  t.end();
});
