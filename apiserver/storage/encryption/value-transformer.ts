import { messageOf } from '../../../base/message-of.ts';
import type { ValueCipher } from './value-ciphers.ts';

export interface NamedKey {
  readonly name: string;
  readonly cipher: ValueCipher;
}

/** One provider of a configuration: its keys, the one to write with first. */
export interface Provider {
  /** `k8s:enc:aesgcm:v1:`; '' for values as they are */
  readonly prefix: string;
  readonly keys: readonly NamedKey[];
  /** what is said when a value is of this provider, and of none of its keys */
  readonly noKey: string;
}

export interface Opened {
  readonly value: Uint8Array;
  /** `k8s:enc:aesgcm:v1:key1:`: what the value was written with */
  readonly form: string;
}

const startsWith = (bytes: Uint8Array, prefix: Buffer): boolean =>
  bytes.length >= prefix.length && prefix.equals(bytes.subarray(0, prefix.length));

interface Reader {
  readonly prefix: Buffer;
  readonly noKey: string;
  readonly keys: readonly { readonly prefix: Buffer; readonly form: string; readonly cipher: ValueCipher }[];
}

/** What the providers of one resource do to its values: the first writes, all read. */
export class ValueTransformer {
  readonly #readers: readonly Reader[];
  readonly #writer: { readonly prefix: Buffer; readonly form: string; readonly cipher: ValueCipher };

  constructor(providers: readonly Provider[]) {
    this.#readers = providers.map(({ prefix, keys, noKey }) => ({
      prefix: Buffer.from(prefix),
      noKey,
      keys: keys.map(({ name, cipher }) => {
        const own = prefix === '' ? '' : `${name}:`;
        return { prefix: Buffer.from(own), form: `${prefix}${own}`, cipher };
      }),
    }));
    const first = this.#readers[0]?.keys[0];
    if (first === undefined) throw new Error('no provider to write with');
    this.#writer = { ...first, prefix: Buffer.from(first.form) };
  }

  /** what is written now */
  get form(): string {
    return this.#writer.form;
  }

  seal(value: Uint8Array, at: string): Uint8Array {
    const { prefix, cipher } = this.#writer;
    const sealed = cipher.seal(value, at);
    return prefix.length === 0 ? sealed : Buffer.concat([prefix, sealed]);
  }

  /** Throws where none of the keys opens it, with what each of them said. */
  open(value: Uint8Array, at: string): Opened {
    const problems: string[] = [];
    for (const { prefix, noKey, keys } of this.#readers) {
      if (!startsWith(value, prefix)) continue;
      const inner = value.subarray(prefix.length);
      const named = keys.filter((key) => startsWith(inner, key.prefix));
      if (named.length === 0) problems.push(noKey);
      for (const key of named) {
        try {
          return { value: key.cipher.open(inner.subarray(key.prefix.length), at), form: key.form };
        } catch (error) {
          // values as they are, and this one is not: that is no problem of any key
          if (key.form !== '') problems.push(messageOf(error));
        }
      }
    }
    const distinct = [...new Set(problems)];
    if (distinct.length > 1) throw new Error(`[${distinct.join(', ')}]`);
    throw new Error(distinct[0] ?? 'no matching prefix found');
  }
}
