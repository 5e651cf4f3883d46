import t from 'tap';
import { systemClock } from '../../../base/clock.ts';
import { silentLog } from '../../../base/log.ts';
import { MemoryBackend } from '../../backend/memory-backend.ts';
import { keyBytes } from '../../mvcc/key-name.ts';
import { commandCodec, entryCodec } from '../command.ts';
import type { LooseCommand } from '../command.ts';
import { toGrpcError } from '../errors.ts';
import { StoreMachine } from '../store-machine.ts';
import type { MachineListener, Outcome } from '../store-machine.ts';
import type { AuthEvent } from './apply-auth.ts';
import { authHash } from './auth-records.ts';

const b = keyBytes;
const noBytes = new Uint8Array(0);
const old = 'etcdserver: revision of auth store is old';
const denied = 'etcdserver: permission denied';
const hashedPassword = Buffer.from('$2b$04$hash').toString('base64');

async function open(backend = new MemoryBackend()) {
  const outcomes: Outcome[] = [];
  const events: AuthEvent[] = [];
  const listener: MachineListener = {
    applied: (_session, _sequence, list) => void outcomes.push(...list),
    batchDone() {},
    leaseStarted() {},
    leaseEnded() {},
    restored() {},
    membersChanged() {},
    durable() {},
    failed() {},
    auth: (event) => void events.push(event),
  };
  const machine = await StoreMachine.open({
    backend,
    listener,
    clock: systemClock,
    log: silentLog,
    initialMembers: new Map(),
  });
  let index = machine.state.appliedIndex;
  /** 'done', or what the client is told */
  const apply = (command: LooseCommand, user = '', authRevision = machine.state.auth.revision): string => {
    const signed = user === '' ? command : { ...command, user, authRevision };
    const commands = [commandCodec.encode(signed)];
    index++;
    outcomes.length = 0;
    void machine.apply([{ index, term: 1, data: entryCodec.encode({ session: 5n, sequence: index, commands }) }]);
    const outcome = outcomes[0]!;
    return 'error' in outcome ? (toGrpcError(outcome.error) as Error).message : 'done';
  };
  return { machine, backend, events, apply, index: () => index };
}
type Opened = Awaited<ReturnType<typeof open>>;

/** root; u, who may use k and read r; authentication is on */
function populate({ apply }: Opened): void {
  const commands: LooseCommand[] = [
    { auth: { userAdd: { name: 'root', hashedPassword } } },
    { auth: { userGrantRole: { user: 'root', role: 'root' } } },
    { auth: { userAdd: { name: 'u', hashedPassword } } },
    { auth: { userAdd: { name: 'cert', options: { noPassword: true } } } },
    { auth: { roleAdd: { name: 'role' } } },
    { auth: { roleGrantPermission: { name: 'role', perm: { permType: 2, key: b('k'), rangeEnd: noBytes } } } },
    { auth: { roleGrantPermission: { name: 'role', perm: { permType: 0, key: b('r'), rangeEnd: noBytes } } } },
    { auth: { userGrantRole: { user: 'u', role: 'role' } } },
    { auth: { enable: {} } },
  ];
  for (const command of commands) if (apply(command) !== 'done') throw new Error(JSON.stringify(command));
}
const put = (key: string, lease = 0n): LooseCommand => ({ put: { key: b(key), value: b('v'), lease } });

void t.test('a right that was taken away cannot be used by a command on its way', async (t) => {
  const opened = await open();
  const { machine, apply } = opened;
  populate(opened);
  const { revision } = machine.state.auth;
  t.equal(apply(put('k'), 'u', revision), 'done');
  t.equal(apply({ auth: { userRevokeRole: { name: 'u', role: 'role' } } }, 'root'), 'done');
  t.equal(apply(put('k'), 'u', revision), old, 'it asks again');
  t.equal(apply(put('k'), 'u'), denied, 'and is told');
  t.equal(apply({ auth: { userGrantRole: { user: 'u', role: 'role' } } }, 'root'), 'done');
  t.equal(apply({ txn: { success: [{ requestTxn: { success: [{ requestPut: { key: b('x') } }] } }] } }, 'u'), denied);
  t.equal(apply({ txn: { compare: [{ key: b('x') }], success: [] } }, 'u'), denied);
  t.equal(apply({ deleteRange: { key: b('k'), rangeEnd: b('l') } }, 'u'), denied);
  t.equal(apply({ auth: { userDelete: { name: 'u' } } }, 'root'), 'done');
  t.equal(apply(put('k'), 'u'), denied, 'who is gone');
  t.equal(apply(put('k')), 'etcdserver: user name is empty', 'proposed when nobody had to say who he is');
  t.equal(machine.state.mvcc.revision, 2);
  await machine.stop();
});

void t.test('administration, compaction and alarms are for root also when they are applied', async (t) => {
  const opened = await open();
  const { machine, apply } = opened;
  populate(opened);
  const commands: LooseCommand[] = [
    { auth: { disable: {} } },
    { auth: { userAdd: { name: 'x', hashedPassword } } },
    { auth: { userChangePassword: { name: 'root', hashedPassword } } },
    { auth: { roleGrantPermission: { name: 'role', perm: { permType: 2, key: b('x') } } } },
    { compact: { revision: 1 } },
    { alarm: { action: 1, memberID: 1n, alarm: 1 } },
  ];
  for (const command of commands) t.equal(apply(command, 'u'), denied, JSON.stringify(Object.keys(command)));
  t.equal(apply({ auth: { disable: {} } }), 'etcdserver: user name is empty');
  t.equal(apply({ alarm: { action: 1, memberID: 1n, alarm: 1 } }), 'done', 'a member says by itself that it is full');
  t.ok(machine.state.auth.enabled);
  await machine.stop();
});

void t.test('leases: only who may write all their keys may use, renew or revoke them; time may', async (t) => {
  const opened = await open();
  const { machine, apply } = opened;
  populate(opened);
  t.equal(apply({ leaseGrant: { ID: 7n, TTL: 60 } }, 'u'), 'done');
  t.equal(apply(put('k', 7n), 'u'), 'done');
  t.equal(apply({ leaseRenew: { id: 7n } }, 'u'), 'done');
  t.equal(apply(put('x', 7n), 'root'), 'done');
  t.equal(apply(put('k', 7n), 'u'), denied);
  t.equal(apply({ leaseRenew: { id: 7n } }, 'u'), denied);
  t.equal(apply({ leaseRevoke: { id: 7n } }, 'u'), denied);
  t.ok(machine.state.mvcc.leases.has(7n));
  t.equal(apply({ leaseRevoke: { id: 7n, expiry: { term: 1, renewals: 1 } } }), 'done');
  t.notOk(machine.state.mvcc.leases.has(7n));
  await machine.stop();
});

void t.test('authentication holds only if nothing changed since the password was checked', async (t) => {
  const opened = await open();
  const { machine, apply, events, index } = opened;
  populate(opened);
  const { revision } = machine.state.auth;
  const authenticate = (name: string, checkedRevision = machine.state.auth.revision): string =>
    apply({ auth: { authenticate: { name, token: 'abc', checkedRevision } } });
  events.length = 0;
  t.equal(authenticate('u'), 'done');
  t.same(events, [{ kind: 'token', user: 'u', token: `abc.${index()}` }]);
  events.length = 0;
  t.equal(apply({ auth: { userChangePassword: { name: 'u', hashedPassword } } }, 'root'), 'done');
  t.same(events, [{ kind: 'forget', user: 'u' }]);
  t.equal(authenticate('u', revision), old);
  t.equal(authenticate('x'), 'etcdserver: authentication failed, invalid user ID or password');
  t.equal(authenticate('cert'), 'etcdserver: authentication failed, invalid user ID or password');
  t.equal(apply({ auth: { disable: {} } }, 'root'), 'done');
  t.equal(authenticate('u'), 'etcdserver: authentication is not enabled');
  t.same(events, [{ kind: 'forget', user: 'u' }, { kind: 'disabled' }], 'no other token');
  await machine.stop();
});

void t.test('a password that is none is refused, and changes nothing', async (t) => {
  const { machine, apply } = await open();
  const refused = 'auth: authentication failed, password was given for no password user';
  t.equal(apply({ auth: { userAdd: { name: 'x', hashedPassword: 'not base64!' } } }), refused);
  t.equal(apply({ auth: { userAdd: { name: 'x', hashedPassword } } }), 'done');
  t.equal(apply({ auth: { userAdd: { name: 'x', hashedPassword: '!' } } }), 'etcdserver: user name already exists');
  t.equal(apply({ auth: { userChangePassword: { name: 'x', hashedPassword: '!' } } }), refused);
  t.equal(
    apply({ auth: { userChangePassword: { name: 'x', hashedPassword: '' } } }),
    'done',
    'as etcd: then none fits',
  );
  t.same(machine.state.auth.users.get('x')?.password, noBytes);
  await machine.stop();
});

void t.test('users and roles survive a restart, and are the same on who takes a snapshot', async (t) => {
  const opened = await open();
  const { machine, backend, apply } = opened;
  populate(opened);
  apply({ auth: { roleAdd: { name: 'gone' } } }, 'root');
  apply({ auth: { roleDelete: { role: 'gone' } } }, 'root');
  const hash = authHash(machine.state.auth);
  const { index, chunks } = await machine.openSnapshot();
  const other = await open();
  other.apply({ auth: { userAdd: { name: 'stranger', hashedPassword } } });
  await other.machine.restore({ index, term: 1, confState: {} as never }, chunks);
  t.equal(authHash(other.machine.state.auth), hash);
  await machine.stop();
  const again = await open(backend);
  t.equal(authHash(again.machine.state.auth), hash);
  t.same(again.machine.state.auth.users, other.machine.state.auth.users);
  t.same(again.machine.state.auth.users.get('cert')?.noPassword, true);
  t.equal(again.apply(put('x'), 'u'), denied);
  t.equal(again.apply(put('k'), 'u'), 'done');
  await again.machine.stop();
  await other.machine.stop();
});

void t.test('two machines that apply the same come to the same records', async (t) => {
  const [one, two] = [await open(), await open()];
  for (const opened of [one, two]) {
    populate(opened);
    for (let i = 0; i < 50; i++) {
      opened.apply({ auth: { userAdd: { name: `n${i % 7}`, hashedPassword } } }, 'root');
      opened.apply({ auth: { userGrantRole: { user: `n${i % 5}`, role: 'role' } } }, 'root');
      opened.apply({ auth: { userDelete: { name: `n${(i * 3) % 7}` } } }, i % 4 === 0 ? 'u' : 'root');
      opened.apply(put(i % 2 === 0 ? 'k' : 'x'), `n${i % 7}`);
    }
    await opened.machine.sync();
  }
  const dump = async ({ backend }: Opened): Promise<string[]> => {
    const found: string[] = [];
    for await (const batch of backend.entries()) {
      for (const { key, value } of batch)
        found.push(`${Buffer.from(key).toString('latin1')}=${Buffer.from(value).toString('hex')}`);
    }
    return found;
  };
  const records = await dump(one);
  t.same(records, await dump(two));
  t.ok(records.some((record) => record.startsWith('un')));
  await one.machine.stop();
  await two.machine.stop();
});
