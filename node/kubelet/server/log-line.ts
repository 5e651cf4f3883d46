/** One line of a log file as CRI prescribes it: `2026-01-02T03:04:05.678901234Z stdout F text`. */
export interface LogLine {
  readonly time: string;
  readonly atMs: number;
  /** with the end of line that belongs to it: a part (`P`) has none */
  readonly text: Buffer;
}

const space = 0x20;

/** undefined: not a line of this format. `raw` holds no end of line. */
export function parseLogLine(raw: Buffer): LogLine | undefined {
  const first = raw.indexOf(space);
  const second = raw.indexOf(space, first + 1);
  const third = raw.indexOf(space, second + 1);
  if (first < 0 || second < 0 || third < 0) return undefined;
  const time = raw.toString('latin1', 0, first);
  const atMs = Date.parse(time);
  const stream = raw.toString('latin1', first + 1, second);
  if (Number.isNaN(atMs) || (stream !== 'stdout' && stream !== 'stderr')) return undefined;
  // tags may become more, parted by colons; the first says whether the line goes on in the next
  const isPart = raw.toString('latin1', second + 1, third).split(':')[0] === 'P';
  const text = raw.subarray(third + 1);
  return { time, atMs, text: isPart ? text : Buffer.concat([text, Buffer.from('\n')]) };
}
