import { errorCode, StreamError } from './frame.ts';
import type { HeaderFields } from './hpack.ts';

export interface RequestHead {
  readonly method: string;
  readonly path: string;
  readonly contentType: string;
  readonly encoding: string | undefined;
  /** milliseconds; undefined: none */
  readonly timeoutMs: number | undefined;
  readonly contentLength: number | undefined;
}

const pseudoFields: ReadonlySet<string> = new Set([':method', ':path', ':scheme', ':authority']);
/** belong to one connection of HTTP/1 and may not be here (RFC 9113, section 8.2.2) */
const connectionFields: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** gRPC over HTTP/2: `grpc-timeout` is a number of up to eight digits and a unit */
const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

export function timeoutMsOf(text: string | undefined): number | undefined {
  const match = text === undefined ? null : /^(\d{1,8})([HMSmun])$/.exec(text);
  return match === null ? undefined : Number(match[1]) * unitMs[match[2]!]!;
}

/** Reads the header list of a request; a malformed one (RFC 9113, section 8.1.1) is a StreamError. */
export function requestHead(streamId: number, fields: HeaderFields): RequestHead {
  const malformed = (why: string): StreamError => new StreamError(streamId, errorCode.protocolError, why);
  const found: Record<string, string> = Object.create(null) as Record<string, string>;
  let regularSeen = false;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    if (name.charCodeAt(0) === 58) {
      if (regularSeen || !pseudoFields.has(name) || name in found) throw malformed(`${name} may not be here`);
      found[name] = value;
      continue;
    }
    regularSeen = true;
    const problem = fieldProblem(name, value);
    if (problem !== undefined) throw malformed(problem);
    if (name in wanted) found[name] ??= value;
  }
  const { ':method': method, ':path': path, ':scheme': scheme } = found;
  if (method === undefined || scheme === undefined || path === undefined || path === '') {
    throw malformed('a request needs :method, :scheme and :path');
  }
  const length = found['content-length'];
  if (length !== undefined && !/^\d{1,15}$/.test(length)) throw malformed('content-length is no number');
  return {
    method,
    path,
    contentType: found['content-type'] ?? '',
    encoding: found['grpc-encoding'],
    timeoutMs: timeoutMsOf(found['grpc-timeout']),
    contentLength: length === undefined ? undefined : Number(length),
  };
}

const wanted: Readonly<Record<string, true>> = {
  'content-type': true,
  'content-length': true,
  'grpc-encoding': true,
  'grpc-timeout': true,
};

/** what is wrong with a field that is no pseudo-field */
export function fieldProblem(name: string, value: string): string | undefined {
  if (name === '' || /[A-Z\0\r\n: ]/.test(name)) return `the field name ${JSON.stringify(name)} is not allowed`;
  if (connectionFields.has(name)) return `${name} may not be in an HTTP/2 request`;
  if (name === 'te' && value !== 'trailers') return 'te may only be "trailers"';
  if (/[\0\r\n]/.test(value)) return `the value of ${name} is not allowed`;
  return undefined;
}
