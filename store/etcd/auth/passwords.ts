import type * as Library from 'bcrypt';
import { AuthError } from '../../auth/types.ts';
import { etcdError } from '../errors.ts';

/** Makes of passwords what may be kept, and recognises them. */
export interface PasswordHasher {
  hash(password: string, cost: number): Promise<Uint8Array>;
  matches(password: string, hash: Uint8Array): Promise<boolean>;
}

/** What a password costs: 2^cost rounds. */
export const bcryptCost = { min: 4, max: 31, default: 10 } as const;
const passwordBytesMax = 72;

/** each takes a thread of the pool that also writes to the disk, for tens of milliseconds */
const workingMax = 2;
const waitingMax = 1024;

/** Loaded when first needed: most members never see a password. */
const bcrypt = async (): Promise<typeof Library.default> => (await import('bcrypt')).default;

const systemHasher: PasswordHasher = {
  hash: async (password, cost) => Buffer.from(await (await bcrypt()).hash(password, cost)),
  matches: async (password, hash) => (await bcrypt()).compare(password, Buffer.from(hash).toString('latin1')),
};

/** Passwords by bcrypt, a few at a time. */
export class Passwords {
  readonly #cost: number;
  readonly #hasher: PasswordHasher;
  #working = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(cost: number, hasher: PasswordHasher = systemHasher) {
    this.#cost = cost;
    this.#hasher = hasher;
  }

  hash(password: string): Promise<Uint8Array> {
    if (Buffer.byteLength(password) > passwordBytesMax) return Promise.reject(etcdError('password-too-long'));
    return this.#inTurn(() => this.#hasher.hash(password, this.#cost));
  }

  async check(password: string, hash: Uint8Array): Promise<void> {
    if (!(await this.#inTurn(() => this.#hasher.matches(password, hash)))) throw new AuthError('auth-failed');
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#working >= workingMax) {
      if (this.#waiting.length >= waitingMax) throw etcdError('too-many-requests');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#working++;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#working--;
      else next();
    }
  }
}
