import t from 'tap';
import { seededRandom } from '../../base/random.ts';
import { SimFile } from './sim-file.ts';
import type { UnsyncedFate } from './types.ts';

const b = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const text = (file: SimFile): string => file.content.toString('latin1');

function written(): SimFile {
  const file = new SimFile();
  file.write(0, b('synced'));
  file.synced(file.made);
  file.write(6, b(' and not'));
  return file;
}

void t.test('what was synced is there after a power failure, whatever becomes of the rest', (t) => {
  for (const fate of ['lost', 'kept', 'torn', 'scattered'] as const) {
    for (let seed = 0; seed < 50; seed++) {
      const file = written();
      file.lose(fate, seededRandom(seed));
      t.equal(text(file).slice(0, 6), 'synced', `${fate}, seed ${seed}`);
      t.ok(file.size <= 14);
    }
  }
  t.end();
});

void t.test('fates: lost, kept, torn at any byte', (t) => {
  const after = (fate: UnsyncedFate, seed = 1): string => {
    const file = written();
    file.lose(fate, seededRandom(seed));
    return text(file);
  };
  t.equal(after('lost'), 'synced');
  t.equal(after('kept'), 'synced and not');
  const torn = new Set(Array.from({ length: 200 }, (_, seed) => after('torn', seed)));
  t.ok(torn.size > 6, `torn at ${torn.size} places`);
  for (const found of torn) t.ok('synced and not'.startsWith(found), found);
  t.end();
});

void t.test('scattered: blocks survive or not, each by itself; holes read as zeros', (t) => {
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 300; seed++) {
    const file = new SimFile();
    for (let block = 0; block < 3; block++) file.write(block * 4096, new Uint8Array(4096).fill(65 + block));
    file.lose('scattered', seededRandom(seed));
    let shape = '';
    for (let block = 0; block * 4096 < file.size; block++) {
      const found = new Set(file.content.subarray(block * 4096, (block + 1) * 4096));
      for (const byte of found) t.ok(byte === 0 || byte === 65 + block, `seed ${seed}`);
      shape += found.has(65 + block) ? 'x' : '.';
    }
    outcomes.add(shape);
  }
  t.ok(outcomes.has('x.x') && outcomes.has('xxx') && outcomes.has('.xx') && outcomes.has(''), [...outcomes].join(' '));
  t.end();
});

void t.test('a sync covers what was written before it began, and no more', (t) => {
  const file = new SimFile();
  file.write(0, b('one'));
  const mark = file.made;
  file.write(3, b('two'));
  file.synced(mark);
  file.lose('lost', seededRandom(1));
  t.equal(text(file), 'one');
  t.end();
});

void t.test('a failed sync: a later one that succeeds says nothing of what the failed one was for', (t) => {
  let gone = 0;
  for (let seed = 0; seed < 40; seed++) {
    const file = new SimFile();
    file.write(0, b('a'.repeat(512)));
    file.syncFailed(file.made, seededRandom(seed));
    t.equal(file.size, 512, 'processes still see it');
    file.write(512, b('tail'));
    file.synced(file.made);
    file.lose('lost', seededRandom(seed));
    t.equal(text(file).slice(512), 'tail');
    if (!text(file).startsWith('a')) gone++;
  }
  t.ok(gone > 5 && gone < 35, `gone in ${gone} of 40`);
  t.end();
});

void t.test('truncation: unsynced it may come undone; what is written behind it later is zeros between', (t) => {
  const make = (): SimFile => {
    const file = new SimFile();
    file.write(0, b('0123456789'));
    file.synced(file.made);
    file.truncate(4);
    return file;
  };
  const undone = make();
  undone.lose('lost', seededRandom(1));
  t.equal(text(undone), '0123456789');
  const done = make();
  done.synced(done.made);
  done.write(6, b('x'));
  t.equal(text(done), '0123\0\0x');
  t.end();
});

void t.test('a random history: after any power failure every byte is one that was written there, or zero', (t) => {
  for (let seed = 0; seed < 200; seed++) {
    const random = seededRandom(seed);
    const file = new SimFile();
    const synced = new Map<number, number>();
    const seen = new Map<number, Set<number>>();
    for (let step = 0; step < 30; step++) {
      if (random.below(5) === 0) {
        file.synced(file.made);
        for (const [at, byte] of file.content.entries()) synced.set(at, byte);
        seen.clear();
        continue;
      }
      const bytes = new Uint8Array(1 + random.below(1500)).fill(1 + random.below(250));
      const at = random.below(3000);
      file.write(at, bytes);
      for (let i = 0; i < bytes.length; i++) seen.set(at + i, (seen.get(at + i) ?? new Set()).add(bytes[i]!));
    }
    file.lose((['torn', 'scattered'] as const)[seed % 2]!, random);
    const bad = [...file.content.entries()].filter(
      ([at, byte]) => byte !== (synced.get(at) ?? 0) && seen.get(at)?.has(byte) !== true,
    );
    t.same(bad.slice(0, 3), [], `seed ${seed}`);
    for (const at of synced.keys()) if (at >= file.size) t.fail(`seed ${seed}: synced byte ${at} is gone`);
  }
  t.end();
});
