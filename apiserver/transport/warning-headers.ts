/** longer ones are cut, once all together are too long */
const textLengthMax = 256;
const totalLengthMax = 4 * 1024;

function header(text: string): string {
  const line = text.replaceAll(/[\r\n]+/g, ' ');
  return `299 - "${line.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** Values of `Warning` headers (RFC 7234): clients and proxies bear only so much of them. */
export function warningHeaders(texts: Iterable<string>): string[] {
  const runes = [...texts].map((text) => Array.from(text));
  const total = runes.reduce((sum, { length }) => sum + length, 0);
  if (total <= totalLengthMax) return runes.map((text) => header(text.join('')));
  const headers: string[] = [];
  let length = 0;
  for (const text of runes) {
    if (length >= totalLengthMax) break;
    const cut = text.slice(0, textLengthMax);
    length += cut.length;
    headers.push(header(cut.join('')));
  }
  return headers;
}
