import type { PasswordHasher } from '../../store/etcd/auth/passwords.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** In place of bcrypt, which takes real time and draws its salts from the kernel. */
export const simPasswords: PasswordHasher = {
  hash: (password, cost) => Promise.resolve(bytes(`${cost}:${password}`)),
  matches: (password, hash) => Promise.resolve(Buffer.from(hash).toString().split(':').slice(1).join(':') === password),
};
