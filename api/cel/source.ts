/** A place in an expression: line from 1, column from 0, in code points, as CEL counts. */
export interface Location {
  readonly line: number;
  readonly column: number;
}

export interface Issue {
  /** offset in code points */
  readonly offset: number;
  readonly message: string;
}

/** What is wrong with an expression in general, not at a place in it. */
export const noOffset = -1;

const snippetLengthMax = 16_384;
export const issuesMax = 100;

/** The text of an expression, by code points, so that errors point where CEL's own do. */
export class Source {
  readonly points: readonly string[];
  #lineStarts: number[] = [0];

  readonly text: string;

  constructor(text: string) {
    this.text = text;
    this.points = Array.from(text);
    this.points.forEach((point, index) => {
      if (point === '\n') this.#lineStarts.push(index + 1);
    });
  }

  locate(offset: number): Location {
    if (offset < 0) return { line: -1, column: -1 };
    let line = 0;
    while (line + 1 < this.#lineStarts.length && this.#lineStarts[line + 1]! <= offset) line++;
    return { line: line + 1, column: offset - this.#lineStarts[line]! };
  }

  /** `ERROR: <input>:1:5: message`, the line, and a caret under the column. */
  display({ offset, message }: Issue): string {
    const { line, column } = this.locate(offset);
    const head = `ERROR: <input>:${line}:${column + 1}: ${message}`;
    const start = this.#lineStarts[line - 1];
    if (start === undefined) return head;
    const end = line < this.#lineStarts.length ? this.#lineStarts[line]! - 1 : this.points.length;
    const snippet = this.points.slice(start, end);
    if (snippet.length > snippetLengthMax) return head;
    const wide = (point: string | undefined): boolean => point !== undefined && point.codePointAt(0)! > 0x7f;
    const dots = snippet.slice(0, column).map((point) => (wide(point) ? '\uff0e' : '.'));
    const caret = wide(snippet[column]) ? '\uff3e' : '^';
    return `${head}\n | ${snippet.join('').replaceAll('\t', ' ')}\n | ${dots.join('')}${caret}`;
  }

  displayAll(issues: readonly Issue[]): string {
    const sorted = issues.toSorted((a, b) => a.offset - b.offset).slice(0, issuesMax);
    const lines = sorted.map((issue) => this.display(issue));
    if (issues.length > issuesMax) lines.push(`${issues.length - issuesMax} more errors were truncated`);
    return lines.join('\n');
  }
}
