/**
 * Finds whole JSON values in text that comes in pieces, one behind the other as in the body of a stream:
 *
 *     push('{"a":[1,')   → []
 *     push('2]} {"b"')   → ['{"a":[1,2]}']
 *     push(':3}')        → ['{"b":3}']
 *
 * What is no JSON is refused in the words of Go's encoding/json, which clients of etcd's gateway know.
 */
export class JsonSyntaxError extends Error {
  override name = 'JsonSyntaxError';
}

export class JsonTooLongError extends Error {
  override name = 'JsonTooLongError';
}

/** as Go */
const depthMax = 10_000;

/** What may come next. Returns the state after the character; throws where it may not be. */
type State = (splitter: Scan, c: number) => State;

/** what a value stands in */
const inKey = 0;
const inObject = 1;
const inArray = 2;

const quoted = (c: number): string => {
  const char = String.fromCharCode(c);
  if (char === "'") return `'\\''`;
  if (char === '"') return `'"'`;
  return `'${JSON.stringify(char).slice(1, -1)}'`;
};
const refuse = (c: number, context: string): never => {
  throw new JsonSyntaxError(`invalid character ${quoted(c)} ${context}`);
};

const code = (char: string): number => char.charCodeAt(0);
const isSpace = (c: number): boolean => c === 32 || c === 9 || c === 10 || c === 13;
const isDigit = (c: number): boolean => c >= 48 && c <= 57;
const isHex = (c: number): boolean => isDigit(c) || (c >= 97 && c <= 102) || (c >= 65 && c <= 70);
const escapes = new Set(Array.from('bfnrt\\/"', code));

class Scan {
  /** what is open around the place reached */
  readonly stack: (typeof inKey | typeof inObject | typeof inArray)[] = [];
  /** the value at the top is complete */
  done = false;
  /** and was so before the last character: a number ends with what is no part of it */
  pastEnd = false;

  open(what: typeof inKey | typeof inArray): void {
    if (this.stack.length >= depthMax) refuse(code(what === inKey ? '{' : '['), 'exceeded max depth');
    this.stack.push(what);
  }

  close(): State {
    this.stack.pop();
    return this.endValue();
  }

  endValue(): State {
    this.done = this.stack.length === 0;
    return afterValue;
  }
}

const inString: State = (scan, c) => {
  if (c === 34) return scan.endValue();
  if (c === 92) return inEscape;
  return c < 32 ? refuse(c, 'in string literal') : inString;
};
const inEscape: State = (_scan, c) => {
  if (escapes.has(c)) return inString;
  return c === code('u') ? hexDigits(4) : refuse(c, 'in string escape code');
};
const hexDigits =
  (left: number): State =>
  (_scan, c) => {
    if (!isHex(c)) refuse(c, 'in \\u hexadecimal character escape');
    return left === 1 ? inString : hexDigits(left - 1);
  };

const literal =
  (word: string, at: number): State =>
  (scan, c) => {
    if (c !== word.charCodeAt(at)) refuse(c, `in literal ${word} (expecting ${quoted(word.charCodeAt(at))})`);
    return at === word.length - 1 ? scan.endValue() : literal(word, at + 1);
  };
const literals: Readonly<Record<string, State>> = {
  t: literal('true', 1),
  f: literal('false', 1),
  n: literal('null', 1),
};

const endNumber = (scan: Scan, c: number): State => {
  const next = scan.endValue();
  scan.pastEnd = scan.done;
  return scan.done ? next : next(scan, c);
};
const afterMinus: State = (_scan, c) => {
  if (c === 48) return afterInteger;
  return isDigit(c) ? inInteger : refuse(c, 'in numeric literal');
};
const inInteger: State = (scan, c) => (isDigit(c) ? inInteger : afterInteger(scan, c));
const afterInteger: State = (scan, c) => (c === code('.') ? afterPoint : afterFraction(scan, c));
const afterPoint: State = (_scan, c) => (isDigit(c) ? inFraction : refuse(c, 'after decimal point in numeric literal'));
const inFraction: State = (scan, c) => (isDigit(c) ? inFraction : afterFraction(scan, c));
const afterFraction: State = (scan, c) => (c === code('e') || c === code('E') ? afterE : endNumber(scan, c));
const afterE: State = (scan, c) => (c === code('+') || c === code('-') ? afterSign : afterSign(scan, c));
const afterSign: State = (_scan, c) => (isDigit(c) ? inExponent : refuse(c, 'in exponent of numeric literal'));
const inExponent: State = (scan, c) => (isDigit(c) ? inExponent : endNumber(scan, c));
const inNumber: ReadonlySet<State> = new Set([inInteger, afterInteger, inFraction, inExponent]);

const beginValue: State = (scan, c) => {
  if (isSpace(c)) return beginValue;
  if (c === code('{')) {
    scan.open(inKey);
    return beginKeyOrEnd;
  }
  if (c === code('[')) {
    scan.open(inArray);
    return beginElementOrEnd;
  }
  if (c === 34) return inString;
  if (c === code('-')) return afterMinus;
  if (c === 48) return afterInteger;
  if (isDigit(c)) return inInteger;
  return literals[String.fromCharCode(c)] ?? refuse(c, 'looking for beginning of value');
};
const beginElementOrEnd: State = (scan, c) => {
  if (isSpace(c)) return beginElementOrEnd;
  return c === code(']') ? scan.close() : beginValue(scan, c);
};
const beginKey: State = (_scan, c) => {
  if (isSpace(c)) return beginKey;
  return c === 34 ? inString : refuse(c, 'looking for beginning of object key string');
};
const beginKeyOrEnd: State = (scan, c) => {
  if (isSpace(c)) return beginKeyOrEnd;
  return c === code('}') ? scan.close() : beginKey(scan, c);
};
const afterValue: State = (scan, c) => {
  if (isSpace(c)) return afterValue;
  const { stack } = scan;
  const around = stack[stack.length - 1];
  if (around === inKey) {
    if (c !== code(':')) refuse(c, 'after object key');
    stack[stack.length - 1] = inObject;
    return beginValue;
  }
  if (around === inObject) {
    if (c === code('}')) return scan.close();
    if (c !== code(',')) refuse(c, 'after object key:value pair');
    stack[stack.length - 1] = inKey;
    return beginKey;
  }
  if (c === code(']')) return scan.close();
  return c === code(',') ? beginValue : refuse(c, 'after array element');
};

export class JsonSplitter {
  readonly #bytesMax: number;
  #scan = new Scan();
  #state: State = beginValue;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  /** `bytesMax`: no value may be longer */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /**
   * The values that are whole now, as texts, one after the other: what is behind one is looked at when the next is asked
   * for. Throws JsonSyntaxError, and JsonTooLongError.
   */
  *push(bytes: Uint8Array): Generator<string, void, void> {
    let from = 0;
    for (let i = 0; i < bytes.length; i++) {
      const c = bytes[i]!;
      this.#state = this.#state(this.#scan, c);
      if (!this.#scan.done) continue;
      const { pastEnd } = this.#scan;
      const end = pastEnd ? i : i + 1;
      const value = this.#take(bytes.subarray(from, end));
      from = end;
      if (pastEnd) i--; // the character behind a number begins something else
      yield value;
    }
    this.#keep(bytes.subarray(from));
  }

  /** Nothing more comes: a number at the very end is whole by that. Throws where a value has only begun. */
  end(): string | undefined {
    if (this.#state === beginValue && this.#scan.stack.length === 0) return undefined;
    if (this.#scan.stack.length > 0 || !inNumber.has(this.#state)) throw new JsonSyntaxError('unexpected EOF');
    return this.#take(new Uint8Array(0));
  }

  #keep(rest: Uint8Array): void {
    // between values there is only white space
    if (rest.length === 0 || (this.#state === beginValue && this.#scan.stack.length === 0)) return;
    this.#bytes += rest.length;
    if (this.#bytes > this.#bytesMax) throw new JsonTooLongError(`a value of more than ${this.#bytesMax} bytes`);
    this.#parts.push(rest);
  }

  #take(last: Uint8Array): string {
    const text = Buffer.concat([...this.#parts, last]);
    if (text.length > this.#bytesMax) throw new JsonTooLongError(`a value of more than ${this.#bytesMax} bytes`);
    this.#parts = [];
    this.#bytes = 0;
    this.#scan = new Scan();
    this.#state = beginValue;
    try {
      return utf8.decode(text).trimStart();
    } catch {
      throw new JsonSyntaxError('invalid UTF-8 in string');
    }
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
