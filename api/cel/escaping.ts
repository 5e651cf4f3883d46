/** Property names that are no identifiers have names in expressions that are: `__dash__`, `__namespace__`. */
import { reservedWords } from './reserved-words.ts';

const literals: ReadonlySet<string> = new Set(['true', 'false', 'null', 'in']);

const escapes: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
};

/** undefined: no expression can name the property */
export const escapeProperty = (name: string): string | undefined => {
  if (!/^[a-zA-Z_./-][a-zA-Z0-9_./-]*$/.test(name)) return undefined;
  if (literals.has(name) || reservedWords.has(name)) return `__${name}__`;
  return name.replaceAll(/__|[-./]/g, (found) => escapes[found]!);
};
