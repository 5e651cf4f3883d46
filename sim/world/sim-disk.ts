import { dirname } from 'node:path';
import type { Random } from '../../base/random.ts';
import { DataDirLockedError } from '../../raft/runtime/data-dir-lock.ts';
import type { Disk } from '../../raft/runtime/disk.ts';
import type { EventQueue, Life } from './event-queue.ts';
import { OpenFile } from './open-file.ts';
import { chance, randomStream, tailed } from './sim-random.ts';
import { SimFile } from './sim-file.ts';
import type { DiskOperation, SimDiskControl, UnsyncedFate } from './types.ts';

/** at least, and the mean of what comes on top; microseconds */
const latencyUs: Readonly<Record<DiskOperation, readonly [number, number]>> = {
  read: [20, 30],
  write: [10, 20],
  sync: [150, 400],
  name: [10, 20],
};
const fates: readonly UnsyncedFate[] = ['lost', 'kept', 'torn', 'scattered'];

const errorTexts: Readonly<Record<string, string>> = {
  EIO: 'i/o error',
  ENOSPC: 'no space left on device',
  ENOENT: 'no such file or directory',
  EBADF: 'bad file descriptor',
};
export const systemError = (code: string, operation: string, path: string): Error =>
  Object.assign(new Error(`${code}: ${errorTexts[code]}, ${operation} '${path}'`), { code, path });

/** A name that was given or taken; `file` undefined: taken. */
interface NameChange {
  readonly dir: string;
  readonly path: string;
  readonly file: SimFile | undefined;
  /** of a renaming: the old name, which goes with it */
  readonly from?: string;
}

/**
 * The disk of one machine; it outlives the processes that use it. After a power failure there is all that was synced,
 * and of the rest what the seed wills: see SimFile. Names are durable with a sync of their directory, in the order in
 * which they changed there; directories as soon as they are made. One latency model and one set of faults serves the
 * files and the store's backend.
 */
export class SimDisk implements SimDiskControl {
  readonly #queue: EventQueue;
  readonly #random: Random;
  #names = new Map<string, SimFile>();
  #durableNames = new Map<string, SimFile>();
  #nameChanges: NameChange[] = [];
  readonly #directories = new Set<string>();
  #owners = new Map<string, Life>();
  #slowness = 1;
  #slowSyncMs = 0;
  #slowUntilUs = 0;
  #stuck = false;
  #held: (() => void)[] = [];
  #full = false;
  #errors: { write: number; sync: number; read: number } = { write: 0, sync: 0, read: 0 };
  #shortWrites = 0;
  #trap: { operation: DiskOperation; left: number; action: () => void } | undefined;
  #damaged = false;
  #hurt = false;

  constructor(queue: EventQueue, seed: number, name: string) {
    this.#queue = queue;
    this.#random = randomStream(seed, `disk/${name}`);
  }

  get random(): Random {
    return this.#random;
  }

  get mayFail(): boolean {
    return this.#damaged || this.#hurt;
  }

  /** as one process sees it */
  of(life: Life): Disk {
    const name = async (action: () => void): Promise<void> => {
      await this.pass(life, 'name');
      action();
    };
    return {
      open: async (file, flags) => {
        await this.pass(life, 'name');
        if (flags === 'w') this.#failIfFull('open', file);
        return new OpenFile(this, life, file, this.#opened(file, flags));
      },
      readFile: async (file) => {
        await this.pass(life, 'read');
        this.failBy('read', 'read', file);
        return Buffer.from(this.#existing(file).content);
      },
      readdir: async (dir) => {
        await this.pass(life, 'name');
        if (!this.#directories.has(dir)) throw systemError('ENOENT', 'scandir', dir);
        return [...this.#names.keys()]
          .filter((path) => dirname(path) === dir)
          .map((path) => path.slice(dir.length + 1));
      },
      mkdir: (dir) => name(() => this.#mkdir(dir)),
      rename: (from, to) => name(() => this.#rename(from, to)),
      unlink: (file) =>
        name(() => {
          this.#existing(file);
          this.#change({ dir: dirname(file), path: file, file: undefined });
        }),
      syncDir: (dir) => this.#syncDir(life, dir),
      lock: async (dir) => {
        await this.pass(life, 'name');
        if (this.#owners.get(dir)?.alive === true) throw new DataDirLockedError(dir, 1);
        this.#mkdir(dir);
        this.#owners.set(dir, life);
        return { release: () => name(() => this.#owners.delete(dir)) };
      },
    };
  }

  setSlowness(factor: number): void {
    this.#slowness = factor;
  }

  slowSyncs(latencyMs: number, forMs: number): void {
    this.#slowSyncMs = latencyMs;
    this.#slowUntilUs = this.#queue.timeUs + forMs * 1000;
  }

  setStuck(stuck: boolean): void {
    this.#stuck = stuck;
    if (stuck) return;
    const held = this.#held;
    this.#held = [];
    for (const action of held) this.#queue.plan(this.#latencyUs('write'), undefined, action);
  }

  setFull(full: boolean): void {
    this.#full = full;
  }

  setErrors({ write = 0, sync = 0, read = 0 }: { write?: number; sync?: number; read?: number }): void {
    this.#errors = { write, sync, read };
  }

  setShortWrites(probability: number): void {
    this.#shortWrites = probability;
  }

  trap(operation: DiskOperation, count: number, action: () => void): () => void {
    const trap = { operation, left: count, action };
    this.#trap = trap;
    return () => {
      if (this.#trap === trap) this.#trap = undefined;
    };
  }

  flipBit(match = /./): string | undefined {
    const files = [...this.#durableNames].filter(([path, file]) => match.test(path) && file.size > 0);
    const found = files[this.#random.below(files.length)];
    if (found === undefined) return undefined;
    const [path, file] = found;
    if (!file.flipBit(this.#random.below(file.size), this.#random.below(8))) return undefined;
    this.#damaged = true;
    return path;
  }

  files(): readonly { readonly path: string; readonly size: number }[] {
    return [...this.#names].map(([path, file]) => ({ path, size: file.size }));
  }

  /** A process begins on it. */
  started(): void {
    this.#hurt = false;
  }

  /** The machine lost its power. What the fate is drawn for each file where none is given. */
  lose(fate: UnsyncedFate | undefined): void {
    this.#held = [];
    for (const file of new Set([...this.#names.values(), ...this.#durableNames.values()])) {
      file.lose(fate ?? this.drawFate(), this.#random);
    }
    const dirs = new Set(this.#nameChanges.map(({ dir }) => dir));
    for (const dir of dirs) {
      const changes = this.#nameChanges.filter((change) => change.dir === dir);
      const kept = fate === 'lost' ? 0 : fate === 'kept' ? changes.length : this.#random.below(changes.length + 1);
      for (const change of changes.slice(0, kept)) applyName(this.#durableNames, change);
    }
    this.#nameChanges = [];
    this.#names = new Map(this.#durableNames);
  }

  drawFate(): UnsyncedFate {
    return fates[this.#random.below(fates.length)]!;
  }

  wipe(): void {
    this.#names.clear();
    this.#durableNames.clear();
    this.#nameChanges = [];
    this.#directories.clear();
    this.#damaged = false;
  }

  /**
   * Takes the time of an operation. `effect` happens when the machine is done, whether or not the process still sees it
   * (a paused one sees it when it goes on, one that has ended never).
   */
  pass(life: Life, operation: DiskOperation, effect?: () => void): Promise<void> {
    return new Promise((resolve) => {
      // what a paused process has asked for goes on; what an ended one has is of no interest to anybody
      const done = (): void => {
        if (!life.alive) return;
        if (this.#stuck) {
          this.#held.push(done);
          return;
        }
        effect?.();
        if (life.paused) this.#queue.plan(0, life, resolve);
        else resolve();
      };
      const takesUs = this.#latencyUs(operation);
      this.#maybeSpring(operation, takesUs);
      this.#queue.plan(takesUs, undefined, done);
    });
  }

  #maybeSpring(operation: DiskOperation, takesUs: number): void {
    const trap = this.#trap;
    if (trap?.operation !== operation || --trap.left > 0) return;
    this.#trap = undefined;
    this.#queue.plan(Math.ceil(2 * takesUs * this.#random.next()), undefined, trap.action);
  }

  /** Throws as the faults in force will. */
  failBy(kind: 'write' | 'sync' | 'read', operation: string, path: string): void {
    if (!chance(this.#random, this.#errors[kind])) return;
    this.#hurt = true;
    throw systemError('EIO', operation, path);
  }

  /** How much of a write goes through; throws where nothing does. */
  admitWrite(bytes: number, path: string): number {
    this.failBy('write', 'write', path);
    this.#failIfFull('write', path);
    return bytes > 1 && chance(this.#random, this.#shortWrites) ? 1 + this.#random.below(bytes - 1) : bytes;
  }

  #failIfFull(operation: string, path: string): void {
    if (!this.#full) return;
    this.#hurt = true;
    throw systemError('ENOSPC', operation, path);
  }

  #latencyUs(operation: DiskOperation): number {
    const [least, mean] = latencyUs[operation];
    const usual = (least + tailed(this.#random, mean)) * this.#slowness;
    const slow = operation === 'sync' && this.#queue.timeUs < this.#slowUntilUs;
    return slow ? Math.max(usual, this.#slowSyncMs * 1000) : usual;
  }

  #existing(path: string): SimFile {
    const file = this.#names.get(path);
    if (file === undefined) throw systemError('ENOENT', 'open', path);
    return file;
  }

  #opened(path: string, flags: 'r' | 'r+' | 'w'): SimFile {
    if (flags !== 'w') return this.#existing(path);
    const old = this.#names.get(path);
    if (old !== undefined) {
      old.truncate(0);
      return old;
    }
    const dir = dirname(path);
    if (!this.#directories.has(dir)) throw systemError('ENOENT', 'open', path);
    const file = new SimFile();
    this.#change({ dir, path, file });
    return file;
  }

  #mkdir(dir: string): void {
    for (let at = dir; !this.#directories.has(at) && at !== dirname(at); at = dirname(at)) this.#directories.add(at);
  }

  #rename(from: string, to: string): void {
    this.#change({ dir: dirname(to), path: to, file: this.#existing(from), from });
  }

  #change(change: NameChange): void {
    applyName(this.#names, change);
    this.#nameChanges.push(change);
  }

  async #syncDir(life: Life, dir: string): Promise<void> {
    const changes = this.#nameChanges.filter((change) => change.dir === dir);
    await this.pass(life, 'sync');
    this.failBy('sync', 'fsync', dir);
    const covered = new Set(changes);
    for (const change of changes) if (this.#nameChanges.includes(change)) applyName(this.#durableNames, change);
    this.#nameChanges = this.#nameChanges.filter((change) => !covered.has(change));
  }
}

function applyName(names: Map<string, SimFile>, { path, file, from }: NameChange): void {
  if (from !== undefined) names.delete(from);
  if (file === undefined) names.delete(path);
  else names.set(path, file);
}
