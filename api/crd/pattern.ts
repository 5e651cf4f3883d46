/** Regular expressions as Go has them. RE2 matches in linear time, so that no pattern can hold a server up. */
import { RE2JS, RE2JSException } from 're2js';

/** patterns kept compiled */
const patternsMax = 4_096;
const compiled = new Map<string, RE2JS>();

/** Why a pattern is none; undefined: it is one. */
export function patternError(pattern: string): string | undefined {
  try {
    compile(pattern);
    return undefined;
  } catch (error) {
    if (error instanceof RE2JSException) return error.message;
    throw error;
  }
}

function compile(pattern: string): RE2JS {
  let made = compiled.get(pattern);
  if (made === undefined) {
    made = RE2JS.compile(pattern);
    if (compiled.size >= patternsMax) compiled.clear();
    compiled.set(pattern, made);
  }
  return made;
}

/** Whether it matches anywhere in the text. A pattern that is none matches nothing. */
export function matchesPattern(pattern: string, text: string): boolean {
  try {
    return compile(pattern).matcher(text).find();
  } catch (error) {
    if (error instanceof RE2JSException) return false;
    throw error;
  }
}
