/** Regular expressions as RE2 has them: linear in the text, so that no pattern and text can hold a server up. */
import { messageOf } from '../../base/message-of.ts';
import { RE2JS } from 're2js';
import { EvaluationError } from './errors.ts';

/** Patterns are few and come again and again. */
const compiledMax = 256;
const compiled = new Map<string, RE2JS>();

/** Throws what is wrong with the pattern, in Go's words. */
export const compilePattern = (pattern: string): RE2JS => {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  try {
    const fresh = RE2JS.compile(pattern);
    if (compiled.size >= compiledMax) compiled.delete(compiled.keys().next().value!);
    compiled.set(pattern, fresh);
    return fresh;
  } catch (error) {
    throw new EvaluationError(messageOf(error));
  }
};

/** Does it occur anywhere in the text? */
export const testPattern = (pattern: string, text: string): boolean => compilePattern(pattern).matcher(text).find();

/** The first place where it occurs; '' where it does not. */
export const findPattern = (pattern: string, text: string): string => {
  const matcher = compilePattern(pattern).matcher(text);
  return matcher.find() ? (matcher.group() ?? '') : '';
};

/** All places, or the first `limit` of them. */
export const findAllPattern = (pattern: string, text: string, limit: number): string[] => {
  const matcher = compilePattern(pattern).matcher(text);
  const found: string[] = [];
  const bound = limit < 0 ? Number.POSITIVE_INFINITY : limit;
  for (let count = 0; count < bound && matcher.find(); count++) found.push(matcher.group() ?? '');
  return found;
};
