import type { Flag } from './flags.ts';

/** A flag that means here what it means in the real component. */
export interface TableFlag extends Flag {
  /** of a number or a duration in milliseconds */
  readonly atLeast?: number;
  /** the only texts that are taken */
  readonly choices?: readonly string[];
}

export interface FlagGroup {
  readonly title: string;
  readonly flags: readonly TableFlag[];
}

export const file = (name: string, text: string): TableFlag => ({ name, type: 'text', text });
export const list = (name: string, text: string, fallback?: string): TableFlag => ({
  name,
  type: 'list',
  text,
  fallback,
});
export const toggle = (name: string, text: string, fallback = false): TableFlag => ({
  name,
  type: 'boolean',
  fallback: String(fallback),
  text,
});
export const count = (name: string, fallback: number, text: string, atLeast = 0): TableFlag => ({
  name,
  type: 'number',
  fallback: String(fallback),
  text,
  atLeast,
});
export const time = (name: string, fallback: string, text: string, atLeast = 0): TableFlag => ({
  name,
  type: 'duration',
  fallback,
  text,
  atLeast,
});
export const choice = (name: string, choices: readonly string[], text: string): TableFlag => ({
  name,
  type: 'text',
  fallback: choices[0],
  choices,
  text,
});
