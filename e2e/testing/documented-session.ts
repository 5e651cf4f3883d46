/** Commands that a page shows, with what it says they print. */
export interface Step {
  readonly command: string;
  readonly expected: string[];
}

/** `$ command` lines of every console block, each with the lines below it. */
export function sessionOf(markdown: string): Step[] {
  const steps: Step[] = [];
  for (const [, block = ''] of markdown.matchAll(/```console\n([\s\S]*?)```/g)) {
    for (const line of block.trimEnd().split('\n')) {
      if (line.startsWith('$ ')) steps.push({ command: line.slice(2), expected: [] });
      else steps.at(-1)?.expected.push(line);
    }
  }
  return steps;
}

/** A line `...` stands for any lines, `...` inside a line for any text; runs of blanks are equal. */
export function patternOf(lines: readonly string[]): RegExp {
  const linePattern = (line: string): string =>
    line
      .trim()
      .split('...')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/\s+/g, '\\s+'))
      .join('.*?');
  const parts = lines.map((line) => (line.trim() === '...' ? '(?:.*\\n)*?' : `\\s*${linePattern(line)}\\s*\\n`));
  return new RegExp(`^${parts.join('')}(?:\\s*\\n)*$`);
}
