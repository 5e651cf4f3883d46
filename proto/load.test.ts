import protobuf from 'protobufjs';
import t from 'tap';
import { etcdProto } from './etcd.ts';
import type { RangeRequest, TxnRequest } from './etcd-types.ts';
import { loadProto } from './load.ts';
import { WireError } from './wire.ts';

const sample = `
syntax = "proto3";
package sample;
message Inner { string name = 1; int64 id = 2; }
message All {
  int32 i32 = 1; uint32 u32 = 2; sint32 s32 = 3; bool flag = 4; double d = 5; float f = 6;
  string text = 7; bytes raw = 8; int64 big = 9; int64 number = 10 [jstype = JS_NUMBER]; uint64 ubig = 11; sint64 sbig = 12;
  repeated int32 packed = 13; repeated string texts = 14; repeated Inner inners = 15; Inner inner = 16;
  map<string, string> labels = 17; map<string, Inner> nested = 18; map<int32, int64> counts = 19;
  oneof choice { string left = 20; bytes right = 21; }
  optional int32 maybe = 22; Kind kind = 1000;
  enum Kind { A = 0; B = 300; }
}`;
const proto = loadProto(sample);
const all = proto.codec('sample.All');
const peer = protobuf.parse(sample).root.lookupType('sample.All');

const cases: Record<string, Record<string, unknown>> = {
  nothing: {},
  'small scalars': { i32: 5, u32: 7, s32: -3, flag: true, d: 1.5, f: 0.25, text: 'hé', raw: new Uint8Array([1, 2]) },
  'extreme scalars': { i32: -1, u32: 0xffffffff, s32: -0x80000000, text: 'x'.repeat(70_000), kind: 300 },
  'wide integers': { big: -(2n ** 63n), number: -(2 ** 53 - 1), ubig: 2n ** 64n - 1n, sbig: -(2n ** 62n) },
  'wide integers at a byte border': { big: 2n ** 32n, number: 2 ** 32, ubig: 2n ** 35n - 1n, sbig: 64n },
  lists: { packed: [1, -1, 0x7fffffff], texts: ['', 'b'], inners: [{ name: 'n', id: 1n }, {}] },
  maps: { labels: { a: 'b', '': 'c' }, nested: { x: { name: 'y', id: 3n } }, counts: { 4: 5n } },
  presence: { left: '', maybe: 0, inner: {} },
};

void t.test('encode and decode agree with protobufjs', (t) => {
  for (const [name, message] of Object.entries(cases)) {
    const bytes = all.encode(message as never);
    const seen = peer.decode(bytes);
    t.same(all.encode(all.decode(bytes) as never), bytes, `${name}: again the same bytes`);
    t.same(all.decode(peer.encode(seen).finish()), all.decode(bytes), `${name}: what protobufjs writes`);
    for (const [field, value] of Object.entries(message)) {
      if (typeof value === 'object' || value === undefined) continue;
      const expected = `${value as string | number | bigint}`;

      t.equal(
        String(seen.toJSON()[field] ?? peer.toObject(seen, { longs: String })[field]),
        field === 'kind' ? 'B' : expected,
        `${name}: ${field}`,
      );
    }
  }
  t.end();
});

void t.test('decode fills in defaults, and leaves absent members undefined', (t) => {
  const empty = all.decode(new Uint8Array(0));
  t.match(empty, { i32: 0, text: '', big: 0n, number: 0, packed: [], labels: {}, flag: false });
  t.same([empty['left'], empty['maybe'], empty['inner']], [undefined, undefined, undefined]);
  t.end();
});

void t.test('decode refuses what is cut off or runs over', (t) => {
  const bytes = all.encode({ text: 'hello', inner: { name: 'x' } });
  for (let i = 1; i < bytes.length; i++) {
    try {
      all.decode(bytes.subarray(0, i));
    } catch (error) {
      t.ok(error instanceof WireError, `cut at ${i}`);
    }
  }
  t.throws(() => all.decode(new Uint8Array([0x3a, 0x05, 0x61])), WireError);
  t.throws(() => all.decode(new Uint8Array([0x48, ...Array<number>(11).fill(0xff)])), WireError);
  t.end();
});

void t.test('etcd: names are camelCase, revisions are numbers, ids are bigints', (t) => {
  const etcd = loadProto(etcdProto);
  const range = etcd.codec<RangeRequest>('etcdserverpb.RangeRequest');
  t.match(range.decode(range.encode({ rangeEnd: new Uint8Array([0]), revision: 7 })), { revision: 7, keysOnly: false });
  const txn = etcd.codec<TxnRequest>('etcdserverpb.TxnRequest');
  const bytes = txn.encode({ compare: [{ target: 2, modRevision: 0 }], success: [{ requestPut: { lease: 9n } }] });
  t.match(txn.decode(bytes), {
    compare: [{ modRevision: 0, lease: undefined }],
    success: [{ requestPut: { lease: 9n } }],
  });
  t.equal(etcd.methods.get('/etcdserverpb.Watch/Watch')?.kind, 'bidi-stream');
  t.equal(etcd.methods.get('/etcdserverpb.Maintenance/Snapshot')?.kind, 'server-stream');
  t.end();
});
