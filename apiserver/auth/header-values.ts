import type { RequestContext } from '../pipeline.ts';

/**
 * The values of a header, each line by itself where the transport still knows the lines: joined by commas, values that
 * hold commas could not be told apart. `name` is in lower case.
 */
export function headerValues({ headers, rawHeaders }: RequestContext, name: string): string[] {
  if (rawHeaders !== undefined) {
    const values: string[] = [];
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      if (rawHeaders[i]?.toLowerCase() === name) values.push(rawHeaders[i + 1] ?? '');
    }
    return values;
  }
  const value = headers[name];
  if (value === undefined) return [];
  return Array.isArray(value) ? value : value.split(',').map((text) => text.trim());
}
