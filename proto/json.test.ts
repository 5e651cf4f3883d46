import t from 'tap';
import { seededRandom } from '../base/random.ts';
import { etcdProto } from './etcd.ts';
import { messageFromJson, FromJsonError } from './from-json.ts';
import { JsonSplitter, JsonSyntaxError, JsonTooLongError } from './json-splitter.ts';
import { loadProto } from './load.ts';
import { messageToJson } from './to-json.ts';

const etcd = loadProto(etcdProto);
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

function split(text: string, pieceBytes = Infinity, bytesMax = 1_000_000): string[] {
  const splitter = new JsonSplitter(bytesMax);
  const found: string[] = [];
  const all = Buffer.from(text);
  for (let at = 0; at < all.length; at += pieceBytes) found.push(...splitter.push(all.subarray(at, at + pieceBytes)));
  const last = splitter.end();
  return last === undefined ? found : [...found, last];
}

void t.test('JsonSplitter finds the same values however the text is cut', (t) => {
  const values = ['{"a":[1,2.5e-3,{"b":null}]}', '[]', '"x\\"}\\u00e9é{"', '-0', '17', 'true', '{}', '[[[]],{"":{}}]'];
  const text = values.join('\n ');
  for (const pieceBytes of [1, 2, 3, 7, 1000]) t.same(split(text, pieceBytes), values, `pieces of ${pieceBytes}`);
  t.same(split('{"a":1}{"b":2}"x"[3]'), ['{"a":1}', '{"b":2}', '"x"', '[3]'], 'nothing has to be between them');
  t.same(split('1 "a"'), ['1', '"a"']);
  t.same(split(' \n\t'), []);
  t.end();
});

void t.test('JsonSplitter refuses what is no JSON, in the words of Go', (t) => {
  const rows: Record<string, string> = {
    '{': 'unexpected EOF',
    '{"key"': 'unexpected EOF',
    '-': 'unexpected EOF',
    x: "invalid character 'x' looking for beginning of value",
    '{"a":}': "invalid character '}' looking for beginning of value",
    '{a:1}': "invalid character 'a' looking for beginning of object key string",
    '{"a":1,}': "invalid character '}' looking for beginning of object key string",
    '{"a" "b"}': `invalid character '"' after object key`,
    '{"a":1 "b"}': `invalid character '"' after object key:value pair`,
    '{"a":1]': "invalid character ']' after object key:value pair",
    '[1 2]': "invalid character '2' after array element",
    '[01]': "invalid character '1' after array element",
    '[-x]': "invalid character 'x' in numeric literal",
    '[1.]': "invalid character ']' after decimal point in numeric literal",
    '[1e]': "invalid character ']' in exponent of numeric literal",
    tru0: "invalid character '0' in literal true (expecting 'e')",
    '"\\x"': "invalid character 'x' in string escape code",
    '"\\u12"': `invalid character '"' in \\u hexadecimal character escape`,
    '"a\nb"': "invalid character '\\n' in string literal",
    "['": "invalid character '\\'' looking for beginning of value",
    ['['.repeat(10_001)]: "invalid character '[' exceeded max depth",
  };
  for (const [text, message] of Object.entries(rows)) {
    t.throws(() => split(text), new JsonSyntaxError(message), text.slice(0, 20));
    t.throws(() => split(text, 1), new JsonSyntaxError(message), `${text.slice(0, 20)} in pieces`);
  }
  t.throws(() => split(`"${'x'.repeat(100)}"`, 10, 50), JsonTooLongError);
  t.throws(() => split(`"${'x'.repeat(100)}"`, Infinity, 50), JsonTooLongError);
  t.throws(() => new JsonSplitter(100).push(Buffer.from([34, 0xff, 34])).next(), JsonSyntaxError);
  t.end();
});

const range = (text: string): object => messageFromJson(etcd.type('etcdserverpb.RangeRequest'), text);
const txn = (text: string): object => messageFromJson(etcd.type('etcdserverpb.TxnRequest'), text);

void t.test('messageFromJson reads names in both forms, bytes, numbers of any form, and enums', (t) => {
  t.same(range('{"key":"Zm9v","range_end":"Zm8=","limit":null}'), { key: bytes('foo'), rangeEnd: bytes('fo') });
  t.same(range('{"rangeEnd":"_-8","sortOrder":"DESCEND","sort_target":3}'), {
    rangeEnd: new Uint8Array([0xff, 0xef]),
    sortOrder: 2,
    sortTarget: 3,
  });
  t.same(range('{"serializable":true,"limit":"10e-1","revision":1.20e1,"unknown":[{"a":"}"}],"sort_order":"NOPE"}'), {
    serializable: true,
    limit: 1,
    revision: 12,
  });
  t.same(range('{"limit":"9223372036854775807"}'), { limit: Number.MAX_SAFE_INTEGER });
  const grant = messageFromJson(etcd.type('etcdserverpb.LeaseGrantRequest'), '{"TTL":"5","ID":7587862094632839425}');
  t.same(grant, { TTL: 5, ID: 7587862094632839425n }, 'no digit is lost');
  t.same(txn('{"compare":[{"key":"YQ==","target":"MOD","mod_revision":"3"}],"success":[{"requestPut":{}},{}]}'), {
    compare: [{ key: bytes('a'), target: 2, modRevision: 3 }],
    success: [{ requestPut: {} }, {}],
  });
  t.end();
});

void t.test("messageFromJson refuses what does not fit, in protojson's words and with its place", (t) => {
  const rows: [text: string, message: string][] = [
    ['[]', 'proto: syntax error (line 1:1): unexpected token ['],
    ['null', 'proto: syntax error (line 1:1): unexpected token null'],
    ['{"key":5}', 'proto: (line 1:8): invalid value for bytes field key: 5'],
    ['{"key":"a"}', 'proto: (line 1:8): invalid value for bytes field key: "a"'],
    ['{"range_end":"Zg==="}', 'proto: (line 1:14): invalid value for bytes field rangeEnd: "Zg==="'],
    ['{"key":"_+8="}', 'proto: (line 1:8): invalid value for bytes field key: "_+8="'],
    ['{"limit":1.5}', 'proto: (line 1:10): invalid value for int64 field limit: 1.5'],
    ['{"limit":" 1"}', 'proto: (line 1:10): invalid value for int64 field limit: " 1"'],
    ['{"limit":{}}', 'proto: (line 1:10): invalid value for int64 field limit: {'],
    ['{"limit":9223372036854775808}', 'proto: (line 1:10): invalid value for int64 field limit: 9223372036854775808'],
    ['{"serializable":"true"}', 'proto: (line 1:17): invalid value for bool field serializable: "true"'],
    ['{"sort_order":true}', 'proto: (line 1:15): invalid value for enum field sortOrder: true'],
    ['{"limit":1,"limit":1}', 'proto: (line 1:12): duplicate field "limit"'],
    ['{\n "é": 1,\n "é1": {}, "limit": "x"}', 'proto: (line 3:21): invalid value for int64 field limit: "x"'],
  ];
  for (const [text, message] of rows) t.throws(() => range(text), new FromJsonError(message), text);
  t.throws(
    () => txn('{"success":[{"request_put":{},"requestRange":{}}]}'),
    /\(line 1:31\): error parsing "requestRange", oneof etcdserverpb\.RequestOp\.request is already set/,
  );
  t.throws(() => txn('{"success":{}}'), /unexpected token \{/);
  t.throws(() => txn('{"success":[null]}'), /unexpected token null/);
  const deep = '{"success":[{"request_txn":'.repeat(600) + '{}' + '}]}'.repeat(600);
  t.throws(() => txn(deep), /exceeded max recursion depth/);
  t.end();
});

void t.test('messageToJson writes proto names in their order, and leaves defaults out', (t) => {
  const type = etcd.type('etcdserverpb.RangeResponse');
  const kv = { key: bytes('k'), createRevision: 2, modRevision: 3, version: 1, value: bytes(''), lease: 7n };
  t.equal(
    messageToJson(type, { count: 1, more: false, kvs: [kv], header: { clusterId: 2n ** 64n - 1n, revision: 3 } }),
    '{"header":{"cluster_id":"18446744073709551615","revision":"3"},"kvs":[{"key":"aw==","create_revision":"2",' +
      '"mod_revision":"3","version":"1","lease":"7"}],"count":"1"}',
  );
  t.equal(messageToJson(type, { header: {} }), '{"header":{}}', 'a message that is there is shown');
  const compare = etcd.type('etcdserverpb.Compare');
  t.equal(messageToJson(compare, { target: 4, result: 9, lease: 0n }), '{"result":9,"target":"LEASE","lease":"0"}');
  t.equal(messageToJson(etcd.type('etcdserverpb.HashResponse'), { hash: 4294967295 }), '{"hash":4294967295}');
  t.end();
});

/** Any JSON at all, near to what a message looks like and far from it. */
function randomJson(random: () => number, depth = 0): string {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const names = [
    'key',
    'range_end',
    'limit',
    'compare',
    'success',
    'request_put',
    'requestTxn',
    'value',
    'x',
    '__proto__',
  ];
  const scalars = [
    'null',
    'true',
    '0',
    '-1',
    '1e400',
    '"Zm9v"',
    '"*"',
    '"9"',
    '"\\ud800"',
    '18446744073709551616',
    '""',
  ];
  const kind = random();
  if (depth > 6 || kind < 0.4) return pick(scalars);
  const list = Array.from({ length: Math.floor(random() * 4) }, () => randomJson(random, depth + 1));
  if (kind < 0.6) return `[${list.join(',')}]`;
  return `{${list.map((value) => `"${pick(names)}":${value}`).join(',')}}`;
}

void t.test('whatever comes is read or refused with an error of ours (5,000 texts by seed)', (t) => {
  const random = seededRandom(11);
  const types = ['RangeRequest', 'TxnRequest', 'WatchRequest', 'AlarmRequest', 'AuthUserAddRequest'];
  for (let i = 0; i < 5000; i++) {
    let text = randomJson(() => random.next());
    if (i % 3 === 0) text = text.slice(0, Math.floor(random.next() * text.length));
    const type = etcd.type(`etcdserverpb.${types[i % types.length]}`);
    const codec = etcd.codec(`etcdserverpb.${types[i % types.length]}`);
    try {
      for (const value of split(text, 1 + (i % 5))) {
        const message = codec.decode(codec.encode(messageFromJson(type, value) as never));
        messageFromJson(type, messageToJson(type, message));
      }
    } catch (error) {
      if (!(error instanceof JsonSyntaxError) && !(error instanceof FromJsonError)) {
        t.fail(`${text}: ${String(error)}`);
      }
    }
  }
  t.end();
});
