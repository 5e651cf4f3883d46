/** Sets of indexes in their short form: `1,3-5`, ascending. */

type Interval = readonly [first: number, last: number];

class IndexError extends Error {}

function indexOf(text: string, completions: number): number {
  if (!/^[+-]?\d+$/.test(text))
    throw new IndexError(`cannot convert string to integer for index: ${JSON.stringify(text)}`);
  if (Number(text) >= completions) throw new IndexError(`too large index: ${JSON.stringify(text)}`);
  return Number(text);
}

function intervalOf(text: string, completions: number): Interval {
  const parts = text.split('-');
  if (parts.length > 2) {
    const rule = `an index interval can have at most two parts separated by '-'`;
    throw new IndexError(`the fragment ${JSON.stringify(text)} violates the requirement that ${rule}`);
  }
  const first = indexOf(parts[0] as string, completions);
  if (parts[1] === undefined) return [first, first];
  const last = indexOf(parts[1], completions);
  if (first >= last) throw new IndexError(`non-increasing order, previous: ${first}, current: ${last}`);
  return [first, last];
}

/** How many indexes it names, or what is wrong with it. */
export function countIndexes(text: string, completions: number): number | string {
  if (text === '') return 0;
  let [total, previous] = [0, -1];
  try {
    for (const part of text.split(',')) {
      const [first, last] = intervalOf(part, completions);
      if (previous >= first) return `non-increasing order, previous: ${previous}, current: ${first}`;
      total += last - first + 1;
      previous = last;
    }
  } catch (error) {
    if (error instanceof IndexError) return error.message;
    throw error;
  }
  return total;
}

function intervalsOf(text: string, completions: number): Interval[] {
  return text.split(',').flatMap((part) => {
    try {
      return [intervalOf(part, completions)];
    } catch {
      // its form is reported elsewhere
      return [];
    }
  });
}

/** The first index that is in both; undefined: none. */
export function overlapOf(completed: string, failed: string, completions: number): number | undefined {
  if (completed === '' || failed === '') return undefined;
  const others = intervalsOf(failed, completions);
  for (const [first, last] of intervalsOf(completed, completions)) {
    const other = others.find(([from, to]) => first <= to && from <= last);
    if (other !== undefined) return Math.max(first, other[0]);
  }
  return undefined;
}
