import t from 'tap';
import { silentLog } from '../../base/log.ts';
import { isWasteful, keepDiskTidy } from './disk-keeper.ts';
import type { MemberContext } from './service.ts';
import { TestClock } from './test-clock.ts';

const mib = 1024 * 1024;

void t.test('isWasteful: twice what is in use and some more', (t) => {
  t.equal(isWasteful(120 * mib, 0), false);
  t.equal(isWasteful(130 * mib, 0), true);
  t.equal(isWasteful(2000 * mib, 1000 * mib), false);
  t.equal(isWasteful(2200 * mib, 1000 * mib), true);
  t.end();
});

void t.test('keepDiskTidy rewrites files once they are wasteful, and not again while that is no use', async (t) => {
  const clock = new TestClock();
  const state = { mvcc: { sizeBytes: 10 * mib, compactPending: true } };
  let disk = 500 * mib;
  let runs = 0;
  const machine = {
    state,
    stopped: false,
    compactBackend: () => {
      runs++;
      return Promise.resolve();
    },
  };
  const stop = keepDiskTidy({ clock, machine, log: silentLog, diskBytes: () => disk } as unknown as MemberContext);
  const pass = async (ms: number): Promise<number> => {
    for (let left = ms; left > 0; left -= 10_000) {
      clock.advance(10_000);
      await Promise.resolve();
    }
    return runs;
  };
  t.equal(await pass(60_000), 0, 'not while a compaction cleans up');
  state.mvcc.compactPending = false;
  t.equal(await pass(10_000), 1);
  t.equal(await pass(3_600_000), 1, 'it did not get less: no use');
  disk += 200 * mib;
  t.equal(await pass(600_000), 2, 'it grew again');
  stop();
  disk += 900 * mib;
  t.equal(await pass(3_600_000), 2);
});
