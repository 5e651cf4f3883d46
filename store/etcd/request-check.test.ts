import t from 'tap';
import type { GrpcError } from '../../grpc/server.ts';
import type { TxnRequest } from '../../proto/etcd-types.ts';
import { etcd } from './command.ts';
import { checkPut, checkRange, checkTxn } from './request-check.ts';

const b = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const codec = etcd.codec<TxnRequest>('etcdserverpb.TxnRequest');
const put = (key: string) => ({ requestPut: { key: b(key) } });
const del = (key: string, end = '') => ({ requestDeleteRange: { key: b(key), rangeEnd: b(end) } });
const txn = (success: object[], failure: object[] = []) => ({ requestTxn: { success, failure } });

function textOf(action: () => void): string {
  try {
    action();
    return 'ok';
  } catch (error) {
    return (error as GrpcError).message.replace('etcdserver: ', '');
  }
}

void t.test('checkTxn: operations, keys and overlaps, as etcd judges them', (t) => {
  const duplicate = 'duplicate key given in txn request';
  const table: Record<string, [object[], string]> = {
    nothing: [[], 'ok'],
    'two keys': [[put('a'), put('b')], 'ok'],
    'a key twice': [[put('a'), put('a')], duplicate],
    'put and delete': [[put('a'), del('a')], duplicate],
    'put in a deleted range': [[del('a', 'c'), put('b')], duplicate],
    'put at the end of a deleted range': [[del('a', 'c'), put('c')], 'ok'],
    'put behind a delete of all from a key on': [[del('a', '\0'), put('z')], duplicate],
    'two deletes of one key': [[del('a'), del('a')], 'ok'],
    'nested: in one branch and outside': [[txn([put('a')]), put('a')], duplicate],
    'nested: in both branches': [[txn([put('a')], [put('a')])], 'ok'],
    'nested: in two transactions': [[txn([put('a')]), txn([put('a')])], duplicate],
    'nested: deleted inside, put outside': [[txn([], [del('a')]), put('a')], duplicate],
    'no key': [[put('')], 'key is not provided'],
    'no key, nested': [[txn([del('')])], 'key is not provided'],
    'an empty operation': [[{}], 'key not found'],
    'too many': [Array.from({ length: 5 }, (_, i) => put(`${i}`)), 'too many operations in txn request'],
    'too many, nested': [[put('x'), put('y'), txn([put('1'), put('2')])], 'too many operations in txn request'],
  };
  for (const [name, [success, expected]] of Object.entries(table)) {
    const request = codec.decode(codec.encode({ success }));
    t.equal(
      textOf(() => checkTxn(request, 4)),
      expected,
      name,
    );
  }
  t.end();
});

void t.test('checkPut and checkRange', (t) => {
  const request = { key: b('k'), value: b(''), lease: 0n, prevKv: false, ignoreValue: true, ignoreLease: true };
  t.equal(
    textOf(() => checkPut(request)),
    'ok',
  );
  t.equal(
    textOf(() => checkPut({ ...request, value: b('v') })),
    'value is provided',
  );
  t.equal(
    textOf(() => checkPut({ ...request, lease: 1n })),
    'lease is provided',
  );
  const range = { key: b('k'), sortOrder: 2, sortTarget: 4 } as Parameters<typeof checkRange>[0];
  t.equal(
    textOf(() => checkRange(range)),
    'ok',
  );
  t.equal(
    textOf(() => checkRange({ ...range, sortTarget: 5 })),
    'invalid sort option',
  );
  t.equal(
    textOf(() => checkRange({ ...range, key: b('') })),
    'key is not provided',
  );
  t.end();
});
