/**
 * The Huffman code of HPACK (RFC 7541, appendix B). It is canonical: shorter codes come first, and codes of one length are
 * in the order of their symbols, so the lengths say everything.
 */
const eos = 256;

/** [bits, how many symbols in a row have so many], from symbol 0 to the end-of-string symbol 256 */
const lengthRuns: readonly (readonly [number, number])[] = [
  [13, 1], [23, 1], [28, 7], [24, 1], [30, 1], [28, 2], [30, 1], [28, 8], [30, 1], [28, 9],
  [6, 1], [10, 2], [12, 1], [13, 1], [6, 1], [8, 1], [11, 1], [10, 2], [8, 1], [11, 1], [8, 1], [6, 3],
  [5, 3], [6, 7], [7, 1], [8, 1], [15, 1], [6, 1], [12, 1], [10, 1], [13, 1], [6, 1], [7, 22], [8, 1], [7, 1], [8, 1],
  [13, 1], [19, 1], [13, 1], [14, 1], [6, 1], [15, 1], [5, 1], [6, 1], [5, 1], [6, 1], [5, 1], [6, 3], [5, 1], [7, 2],
  [6, 3], [5, 1], [6, 1], [7, 1], [6, 1], [5, 2], [6, 1], [7, 5], [15, 1], [11, 1], [14, 1], [13, 1], [28, 1],
  [20, 1], [22, 1], [20, 2], [22, 3], [23, 1], [22, 1], [23, 5], [24, 1], [23, 1], [24, 2], [22, 1], [23, 1], [24, 1],
  [23, 4], [21, 1], [22, 1], [23, 1], [22, 1], [23, 2], [24, 1], [22, 1], [21, 1], [20, 1], [22, 2], [23, 2], [21, 1],
  [23, 1], [22, 2], [24, 1], [21, 1], [22, 1], [23, 2], [21, 2], [22, 1], [21, 1], [23, 1], [22, 1], [23, 2], [20, 1],
  [22, 3], [23, 1], [22, 2], [23, 1], [26, 2], [20, 1], [19, 1], [22, 1], [23, 1], [22, 1], [25, 1], [26, 3], [27, 2],
  [26, 1], [24, 1], [25, 1], [19, 1], [21, 1], [26, 1], [27, 2], [26, 1], [27, 1], [24, 1], [21, 2], [26, 2], [28, 1],
  [27, 3], [20, 1], [24, 1], [20, 1], [21, 1], [22, 1], [21, 2], [23, 1], [22, 2], [25, 2], [24, 2], [26, 1], [23, 1],
  [26, 1], [27, 1], [26, 2], [27, 5], [28, 1], [27, 5], [26, 1], [30, 1],
]; // prettier-ignore

/** bits of each symbol's code; index 256 is the end-of-string symbol */
export const codeLengths: readonly number[] = lengthRuns.flatMap(([bits, count]) => Array<number>(count).fill(bits));

interface Node {
  readonly children: (Node | number | undefined)[];
  /** the bits that lead here are all ones, and fewer than eight: padding may end here */
  readonly mayEnd: boolean;
}

/** The codes as a tree; leaves are symbols. */
function codeTree(): Node {
  const root: Node = { children: [], mayEnd: true };
  const symbols = codeLengths.map((bits, symbol) => ({ bits, symbol }));
  symbols.sort((a, b) => a.bits - b.bits || a.symbol - b.symbol);
  let code = 0;
  let length = 0;
  for (const { bits, symbol } of symbols) {
    code *= 2 ** (bits - length);
    length = bits;
    insert(root, code, bits, symbol);
    code++;
  }
  return root;
}

function insert(root: Node, code: number, bits: number, symbol: number): void {
  let node = root;
  for (let i = bits - 1; i > 0; i--) {
    const bit = Math.floor(code / 2 ** i) % 2;
    const depth = bits - i;
    let next = node.children[bit];
    if (typeof next !== 'object') {
      next = { children: [], mayEnd: node.mayEnd && bit === 1 && depth < 8 };
      node.children[bit] = next;
    }
    node = next;
  }
  node.children[code % 2] = symbol;
}

/**
 * Four bits at a time: `steps[state * 16 + bits]` is the next state in the upper half and, in the lower, the symbol that
 * was completed plus one (at most one: no code is shorter than five bits). -1: no such code.
 */
function decoderTables(): { steps: Int32Array; mayEnd: readonly boolean[] } {
  const states: Node[] = [codeTree()];
  const numbers = new Map<Node, number>([[states[0]!, 0]]);
  const rows: number[] = [];
  for (let s = 0; s < states.length; s++) {
    for (let nibble = 0; nibble < 16; nibble++) rows.push(stepOf(states, numbers, states[s]!, nibble));
  }
  return { steps: Int32Array.from(rows), mayEnd: states.map((node) => node.mayEnd) };
}

function stepOf(states: Node[], numbers: Map<Node, number>, from: Node, nibble: number): number {
  let node = from;
  let symbol = -1;
  for (let i = 3; i >= 0; i--) {
    const next = node.children[(nibble >> i) & 1];
    if (next === undefined || next === eos) return -1;
    if (typeof next === 'number') {
      symbol = next;
      node = states[0]!;
    } else node = next;
  }
  let number = numbers.get(node);
  if (number === undefined) {
    number = states.push(node) - 1;
    numbers.set(node, number);
  }
  return number * 512 + symbol + 1;
}

const { steps, mayEnd } = decoderTables();

/** undefined where the bytes are no Huffman code, or their padding is not as it must be (RFC 7541, section 5.2). */
export function decodeHuffman(bytes: Uint8Array): string | undefined {
  let state = 0;
  const out = Buffer.allocUnsafe(Math.ceil((bytes.length * 8) / 5));
  let length = 0;
  for (const byte of bytes) {
    const first = steps[state * 16 + (byte >> 4)]!;
    if (first < 0) return undefined;
    if ((first & 511) !== 0) out[length++] = (first & 511) - 1;
    const second = steps[(first >> 9) * 16 + (byte & 15)]!;
    if (second < 0) return undefined;
    if ((second & 511) !== 0) out[length++] = (second & 511) - 1;
    state = second >> 9;
  }
  return mayEnd[state] === true ? out.toString('latin1', 0, length) : undefined;
}
