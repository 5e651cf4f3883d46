import type { Library } from '../environment.ts';
import { findAllPattern, findPattern } from '../regex.ts';
import { ArrayList } from '../values.ts';
import { patternMatch } from './costs.ts';

/** Kubernetes' `find` and `findAll`; `matches` is CEL's own. */
export const regex: Library = {
  functions: [
    ['string.find(string): string', (text, pattern) => findPattern(pattern as string, text as string), patternMatch],
    [
      'string.findAll(string): list<string>',
      (text, pattern) => new ArrayList(findAllPattern(pattern as string, text as string, -1)),
      patternMatch,
    ],
    [
      'string.findAll(string, int): list<string>',
      (text, pattern, limit) => new ArrayList(findAllPattern(pattern as string, text as string, Number(limit))),
      patternMatch,
    ],
  ],
};
