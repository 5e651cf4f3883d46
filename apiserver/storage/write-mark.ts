import { systemRandom, type Random } from '../../base/random.ts';

const markBits = 32;
const markStart = '\n';

/**
 * Blanks and tabs behind the JSON of an object, different for each write. JSON does not see them; we tell by them
 * whether a stored value is of this very write, or of another one that happened to write the same.
 *
 *     {"kind":"ConfigMap",…}\n␉␠␠␉…
 */
export function writeMark(random: Random = systemRandom): string {
  let mark = markStart;
  for (let i = 0; i < markBits; i++) mark += random.below(2) === 0 ? ' ' : '\t';
  return mark;
}
