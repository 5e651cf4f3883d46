/** Test data of this folder: answers of a real server and of k8s.io/api's own code. For tests only. */
import { readFileSync } from 'node:fs';

/** Its caller says what is in it. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
export const readTestdata = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8')) as T;

export const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
export const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
