/** The longest line, that is the largest watch event, that is read: etcd's largest object and plenty more. */
export const lineBytesMax = 64 * 1024 * 1024;

export class LineTooLongError extends Error {
  override name = 'LineTooLongError';
}

/** Splits a stream of chunks into lines and parses each as JSON. An unfinished last line is dropped: its event was not received whole. */
export async function* parseJsonLines<T>(
  chunks: AsyncIterable<Uint8Array>,
  bytesMax: number = lineBytesMax,
): AsyncGenerator<T, void, void> {
  const newline = 0x0a;
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      const tail = chunk.subarray(start, end);
      start = end + 1;
      const line = pendingBytes === 0 ? tail : Buffer.concat([...pending, tail], pendingBytes + tail.length);
      pending = [];
      pendingBytes = 0;
      if (line.length > bytesMax) throw tooLong(line.length, bytesMax);
      if (line.length > 0) yield JSON.parse(Buffer.from(line.buffer, line.byteOffset, line.length).toString()) as T;
    }
    if (start < chunk.length) {
      pending.push(chunk.subarray(start));
      pendingBytes += chunk.length - start;
      if (pendingBytes > bytesMax) throw tooLong(pendingBytes, bytesMax);
    }
  }
}

const tooLong = (bytes: number, bytesMax: number): LineTooLongError =>
  new LineTooLongError(`watch event of ${bytes} bytes or more exceeds the bound of ${bytesMax} bytes`);
