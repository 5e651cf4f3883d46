import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { recordHeaderBytes, segmentHeaderBytes } from '../../raft/runtime/wal/record.ts';
import { NotNowError, victimOf } from './injector.ts';
import type { Inject, Injected, Strike } from './injector.ts';

/** how long a damaged member may take to refuse */
const refusalMs = 8000;

function newest(dir: string, suffix: string): string {
  const names = existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith(suffix)) : [];
  const last = names.sort().at(-1);
  if (last === undefined) throw new NotNowError(`no ${suffix} file in ${dir}`);
  return join(dir, last);
}

function flip(file: string, at: number, bit: number): void {
  const handle = openSync(file, 'r+');
  try {
    const byte = Buffer.alloc(1);
    readSync(handle, byte, 0, 1, at);
    byte[0] = byte[0]! ^ (1 << bit);
    writeSync(handle, byte, 0, 1, at);
  } finally {
    closeSync(handle);
  }
}

const namesFileAndOffset = (words: string, file: string): boolean =>
  words.includes(basename(file)) && /corrupt at byte \d+/.test(words);

/** Damages the newest file of a kind. What is not there yet comes back as "not now", with the victim running. */
async function damageStopped(
  strike: Strike,
  folder: 'wal' | 'snap',
  damage: (victim: string, file: string) => Injected,
): Promise<Injected> {
  const { cluster } = strike;
  const victim = victimOf(strike);
  const dir = join(cluster.place(victim).dir, 'raft', folder);
  newest(dir, `.${folder}`);
  await cluster.kill(victim);
  try {
    return damage(victim, newest(dir, `.${folder}`));
  } catch (error) {
    cluster.start(victim);
    throw error;
  }
}

/** Refused with file and offset; then the file is restored from a copy, as the refusal advises. */
async function healFlipped({ cluster }: Strike, victim: string, file: string, undo: () => void, must: boolean) {
  cluster.start(victim);
  cluster.expectEnd(victim);
  const refused = await cluster.ended(victim, must ? refusalMs : refusalMs / 4);
  const words = cluster.lastWords(victim, 20);
  if (existsSync(file)) undo();
  if (!refused) {
    cluster.forgiveEnd(victim);
    return must ? `${victim} started from ${file} though a bit of it is flipped` : undefined;
  }
  cluster.start(victim);
  return namesFileAndOffset(words, file)
    ? undefined
    : `${victim} refused a flipped bit without naming file and offset of ${file}: ${words}`;
}

/** A bit that was acknowledged, with sound records behind it: nothing that a crash could explain. */
export const flippedLog: Inject = (strike) =>
  damageStopped(strike, 'wal', (victim, file) => {
    const size = statSync(file).size;
    const lastSound = Math.floor(size / 2);
    if (lastSound < segmentHeaderBytes + 2 * recordHeaderBytes) throw new NotNowError(`${file} is too short`);
    const at = segmentHeaderBytes + Math.floor(strike.planned.strength * (lastSound - segmentHeaderBytes));
    const bit = strike.planned.number % 8;
    flip(file, at, bit);
    return {
      detail: `bit ${bit} of byte ${at} of ${basename(file)}`,
      heal: () => healFlipped(strike, victim, file, () => flip(file, at, bit), true),
    };
  });

/** A member whose database is ahead of it does not need the file at its start, so that it may start all the same. */
export const flippedSnapshot: Inject = (strike) =>
  damageStopped(strike, 'snap', (victim, file) => {
    const at = Math.floor(strike.planned.strength * statSync(file).size);
    const bit = strike.planned.number % 8;
    flip(file, at, bit);
    return {
      detail: `bit ${bit} of byte ${at} of ${basename(file)}`,
      heal: () => healFlipped(strike, victim, file, () => flip(file, at, bit), false),
    };
  });

/** As a crash in the middle of a write leaves it: repaired by the member itself. */
export const tornLog: Inject = (strike) =>
  damageStopped(strike, 'wal', (victim, file) => {
    const bytes = readFileSync(file);
    if (bytes.length < segmentHeaderBytes + recordHeaderBytes) throw new NotNowError(`${file} is too short`);
    const record = recordHeaderBytes + bytes.readUInt32LE(segmentHeaderBytes + 4);
    const torn = 1 + Math.floor(strike.planned.strength * (record - 1));
    appendFileSync(file, bytes.subarray(segmentHeaderBytes, segmentHeaderBytes + torn));
    return {
      detail: `${torn} bytes of a record of ${record}`,
      heal: async () => {
        strike.cluster.start(victim);
        return undefined;
      },
    };
  });
