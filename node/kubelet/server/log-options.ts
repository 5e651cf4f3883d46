/** What a reader of a container's log asks for: PodLogOptions. */
export interface LogOptions {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  /** lines before this are left out; milliseconds since 1970 */
  readonly sinceMs?: number;
}

/** The query of /containerLogs cannot be read (400), or says what makes no sense (422). */
export class LogOptionsError extends Error {
  override name = 'LogOptionsError';
  readonly code: 400 | 422;
  constructor(code: 400 | 422) {
    super(code === 400 ? '{"message": "Unable to decode query."}' : '{"message": "Invalid request."}');
    this.code = code;
  }
}

const isTrue = (value: string | null): boolean => value !== null && value !== '0' && value.toLowerCase() !== 'false';

function numberOf(query: URLSearchParams, name: string, least: number): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw new LogOptionsError(400);
  if (Number(text) < least) throw new LogOptionsError(422);
  return Number(text);
}

function sinceOf(query: URLSearchParams, nowMs: number): number | undefined {
  const seconds = numberOf(query, 'sinceSeconds', 1);
  const time = query.get('sinceTime');
  if (time === null) return seconds === undefined ? undefined : nowMs - seconds * 1000;
  if (seconds !== undefined) throw new LogOptionsError(422);
  const atMs = Date.parse(time);
  if (Number.isNaN(atMs)) throw new LogOptionsError(400);
  return atMs;
}

/** Throws LogOptionsError. */
export function logOptionsOf(query: URLSearchParams, nowMs: number): LogOptions {
  // what `tailLines` was called once; `all` is to leave it out
  const tail = query.get('tail');
  if (tail !== null) query.set('tailLines', tail);
  if (tail === 'all') query.delete('tailLines');
  return {
    follow: isTrue(query.get('follow')),
    previous: isTrue(query.get('previous')),
    timestamps: isTrue(query.get('timestamps')),
    tailLines: numberOf(query, 'tailLines', 0),
    limitBytes: numberOf(query, 'limitBytes', 1),
    sinceMs: sinceOf(query, nowMs),
  };
}
