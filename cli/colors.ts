import { isatty } from 'node:tty';
import picocolors from 'picocolors';

/** Colours for a person at a terminal only: a pipe or a CI log gets plain text. */
export const colors = picocolors.createColors(isatty(1) && process.env['NO_COLOR'] === undefined);
