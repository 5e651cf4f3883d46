/** A named function and how many lines it spans, found by its indentation (the code is formatted by prettier). */
export interface FunctionLength {
  readonly name: string;
  readonly line: number;
  readonly length: number;
}

const opening =
  /^(\s*)(?:export )?(?:default )?(?:async )?(?:(?:function\*? ([\w$]+))|(?:(?:static |override |async |get |set |\*)*(#?[\w$]+)\([^=]*\)?.*\{$)|(?:const ([\w$]+) = (?:async )?(?:<.*>)?\(.*\{$))/;
const keywords = new Set(['if', 'for', 'while', 'switch', 'catch', 'return', 'constructor', 'super', 'await', 'else']);

/** Functions that open a block and close it with `}` at the same indentation. */
export function functionLengths(text: string): FunctionLength[] {
  const lines = text.split('\n');
  const found: FunctionLength[] = [];
  lines.forEach((line, i) => {
    const match = opening.exec(line);
    const name = match?.[2] ?? match?.[3] ?? match?.[4];
    if (match === null || name === undefined || keywords.has(name)) return;
    const indent = match[1] ?? '';
    const end = lines.findIndex((other, j) => j > i && other.startsWith(`${indent}}`));
    if (end > 0) found.push({ name, line: i + 1, length: end - i + 1 });
  });
  return found;
}
