import t from 'tap';
import type tap from 'tap';
import { keyBytes } from '../mvcc/key-name.ts';
import type { RequestOp, TxnRequest } from '../mvcc/types.ts';
import { Access } from './access.ts';
import { AuthStore } from './auth-store.ts';
import { AuthError, permissionType } from './types.ts';

const b = keyBytes;
const noBytes = new Uint8Array(0);

/** u may read r, write w, both rw; root may all. Lease 1 holds w, lease 2 holds w and x, lease 3 nothing. */
function world(user = 'u'): Access {
  const store = new AuthStore();
  for (const name of ['root', 'u']) store.userAdd({ name, password: () => noBytes, noPassword: false });
  store.userGrantRole('root', 'root');
  store.roleAdd('role');
  const grants = { r: permissionType.read, w: permissionType.write, rw: permissionType.readWrite };
  for (const [key, permType] of Object.entries(grants)) {
    store.roleGrantPermission('role', { permType, key: b(key), rangeEnd: noBytes });
  }
  store.userGrantRole('u', 'role');
  store.enable();
  const leases = new Map([
    [1n, { keys: new Set(['w']) }],
    [2n, { keys: new Set(['w', 'x']) }],
    [3n, { keys: new Set<string>() }],
  ]);
  return new Access(store, leases, { user, revision: store.revision });
}

const range = (key: string): RequestOp => ({ requestRange: { key: b(key) } });
const put = (key: string, more = {}): RequestOp => ({ requestPut: { key: b(key), value: noBytes, ...more } });
const remove = (key: string, more = {}): RequestOp => ({ requestDeleteRange: { key: b(key), ...more } });
const txn = (success: RequestOp[] = [], failure: RequestOp[] = [], compare: string[] = []): TxnRequest => ({
  compare: compare.map((key) => ({ key: b(key), result: 0, target: 0 })),
  success,
  failure,
});
const nested = (inner: TxnRequest): RequestOp => ({ requestTxn: inner });

const operations: readonly [name: string, op: RequestOp, allowed: boolean][] = [
  ['reads what it may read', range('r'), true],
  ['reads what it may only write', range('w'), false],
  ['puts what it may write', put('w'), true],
  ['puts what it may only read', put('r'), false],
  ['puts, and reads what was there', put('w', { prevKv: true }), false],
  ['puts, and reads what was there, where it may both', put('rw', { prevKv: true }), true],
  ['puts with a lease whose keys it may write', put('w', { lease: 1n }), true],
  ['puts with a lease that holds a key it may not write', put('w', { lease: 2n }), false],
  ['puts with a lease that holds nothing', put('w', { lease: 3n }), true],
  ['puts with a lease that is not there', put('w', { lease: 9n }), true],
  ['deletes what it may write', remove('w'), true],
  ['deletes what it may only read', remove('r'), false],
  ['deletes, and reads what was there', remove('w', { prevKv: true }), false],
  ['deletes, and reads what was there, where it may both', remove('rw', { prevKv: true }), true],
  ['deletes a range', remove('w', { rangeEnd: b('x') }), false],
];

function single(access: Access, op: RequestOp): void {
  if (op.requestRange) access.range(op.requestRange);
  if (op.requestPut) access.put(op.requestPut);
  if (op.requestDeleteRange) access.deleteRange(op.requestDeleteRange);
}

const denied = { message: 'permission-denied' };
for (const [name, op, allowed] of operations) {
  const check = (t: Pick<typeof tap, 'throws' | 'doesNotThrow'>, what: string, action: () => void): void => {
    if (allowed) t.doesNotThrow(action, what);
    else t.throws(action, denied, what);
  };
  void t.test(`a user ${name}: ${allowed ? 'permitted' : 'denied'}, alone and in a transaction`, (t) => {
    const access = world();
    check(t, 'alone', () => single(access, op));
    check(t, 'in the branch taken', () => access.txn(txn([op])));
    check(t, 'in the other branch', () => access.txn(txn([], [op])));
    t.doesNotThrow(() => world('root').txn(txn([op])), 'root may');
    t.end();
  });
  void t.test(`CVE-2026-33343: in nested transactions a user ${name}: ${allowed ? 'permitted' : 'denied'}`, (t) => {
    const access = world();
    const places: Record<string, TxnRequest> = {
      'success of success': txn([nested(txn([op]))]),
      'failure of success': txn([nested(txn([], [op]))]),
      'success of failure': txn([], [nested(txn([op]))]),
      'three deep, behind others': txn([range('r'), nested(txn([], [put('w'), nested(txn([], [op]))]))]),
    };
    for (const [place, request] of Object.entries(places)) check(t, place, () => access.txn(request));
    t.end();
  });
}

void t.test('CVE-2026-33343: comparisons are reads, in nested transactions too', (t) => {
  const access = world();
  t.doesNotThrow(() => access.txn(txn([], [], ['r'])));
  t.throws(() => access.txn(txn([], [], ['w'])), denied);
  t.throws(() => access.txn(txn([nested(txn([], [], ['w']))])), denied);
  t.end();
});

void t.test('the keys of a lease', (t) => {
  t.doesNotThrow(() => world().leaseKeys(1n, 'write'));
  t.throws(() => world().leaseKeys(1n, 'read'), denied);
  t.throws(() => world().leaseKeys(2n, 'write'), denied);
  t.doesNotThrow(() => world('root').leaseKeys(2n, 'write'));
  t.throws(() => world('').leaseKeys(2n, 'write'), AuthError);
  t.end();
});
