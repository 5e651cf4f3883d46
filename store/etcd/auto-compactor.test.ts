import t from 'tap';
import { silentLog } from '../../base/log.ts';
import { MvccError } from '../mvcc/types.ts';
import { AutoCompactor } from './auto-compactor.ts';
import type { AutoCompaction } from './auto-compactor.ts';
import { TestClock } from './test-clock.ts';

const minuteMs = 60_000;

/** a store whose revision is the minute; what was compacted, and in which minute */
function setUp(t: { teardown(fn: () => void): unknown }, mode: AutoCompaction) {
  const clock = new TestClock();
  const state = { leads: true, fails: undefined as Error | undefined, compacted: [] as string[] };
  const minute = (): number => Math.floor(clock.monotonicMs() / minuteMs);
  const compactor = new AutoCompactor(mode, {
    clock,
    log: silentLog,
    leads: () => state.leads,
    revision: minute,
    compact: (revision) => {
      if (state.fails !== undefined) return Promise.reject(state.fails);
      state.compacted.push(`${minute()}:${revision}`);
      return Promise.resolve();
    },
  });
  t.teardown(() => compactor.stop());
  const pass = async (minutes: number): Promise<void> => {
    for (let i = 0; i < minutes; i++) {
      clock.advance(minuteMs);
      await compactor.running;
    }
  };
  return { state, pass };
}

void t.test('periodic, less than an hour: each period what is a period old', async (t) => {
  const { state, pass } = setUp(t, { mode: 'periodic', periodMs: 30 * minuteMs });
  await pass(35);
  t.same(state.compacted, [], 'nothing is so old');
  await pass(85);
  t.same(state.compacted, ['36:3', '66:33', '96:63']);
});

void t.test('periodic, more than an hour: each hour what is a period old', async (t) => {
  const { state, pass } = setUp(t, { mode: 'periodic', periodMs: 120 * minuteMs });
  await pass(119);
  t.same(state.compacted, []);
  await pass(200);
  for (const entry of state.compacted) {
    const [at, revision] = entry.split(':').map(Number);
    t.ok(at! - revision! >= 114 && at! - revision! <= 126, `${entry}: about two hours old`);
  }
  t.ok(state.compacted.length >= 3, 'each hour');
});

void t.test('by revision: each five minutes all but the last', async (t) => {
  const { state, pass } = setUp(t, { mode: 'revision', revisions: 7 });
  await pass(21);
  t.same(state.compacted, ['10:3', '15:8', '20:13']);
});

void t.test('a follower compacts nothing, and is ready when it leads', async (t) => {
  const { state, pass } = setUp(t, { mode: 'periodic', periodMs: 30 * minuteMs });
  state.leads = false;
  await pass(100);
  t.same(state.compacted, []);
  state.leads = true;
  await pass(3);
  t.same(state.compacted, ['102:69']);
});

void t.test('one that fails is tried again soon; one that others did is done', async (t) => {
  const { state, pass } = setUp(t, { mode: 'periodic', periodMs: 30 * minuteMs });
  state.fails = new Error('no leader');
  await pass(40);
  state.fails = undefined;
  await pass(3);
  t.equal(state.compacted.length, 1, 'three minutes later');
  state.fails = new MvccError('compacted');
  await pass(60);
  state.fails = undefined;
  const before = state.compacted.length;
  await pass(3);
  t.equal(state.compacted.length, before, 'not again before its time');
});
