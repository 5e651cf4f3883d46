/** A place in a text that is known to be one JSON value (see json-splitter.ts): it only has to be read, not checked. */
export class JsonCursor {
  readonly text: string;
  pos = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** the first character of the next token */
  peek(): string {
    for (;;) {
      const char = this.text[this.pos] ?? '';
      if (char !== ' ' && char !== '\t' && char !== '\n' && char !== '\r') return char;
      this.pos++;
    }
  }

  /** Takes the character if it comes next. */
  take(char: string): boolean {
    if (this.peek() !== char) return false;
    this.pos++;
    return true;
  }

  /** The next token as it is written: a string with its quotes, a number, a word, or one of `{[]}:,`. */
  token(): string {
    const first = this.peek();
    const start = this.pos;
    if (first === '"') {
      for (this.pos++; this.text[this.pos] !== '"'; this.pos++) if (this.text[this.pos] === '\\') this.pos++;
      this.pos++;
    } else if (/[-0-9a-z]/.test(first)) {
      while (/[-+.0-9A-Za-z]/.test(this.text[this.pos] ?? '')) this.pos++;
    } else this.pos++;
    return this.text.slice(start, this.pos);
  }

  /** Past the next value, however deep it is. */
  skip(): void {
    let depth = 0;
    do {
      const token = this.token();
      if (token === '{' || token === '[') depth++;
      else if (token === '}' || token === ']') depth--;
    } while (depth > 0);
  }

  /** `line 2:7` */
  placeOf(pos: number): string {
    const before = this.text.slice(0, pos);
    const lineStart = before.lastIndexOf('\n') + 1;
    const line = before.split('\n').length;
    return `line ${line}:${Array.from(before.slice(lineStart)).length + 1}`;
  }
}
