import { readFileSync } from 'node:fs';
import { CliError, messageOf } from '../cli-error.ts';

/** Throws a CliError that names the flag. */
export function readPem(flag: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CliError(`--${flag}: ${messageOf(error)}`);
  }
}
