/** HTTP/2 frames on the wire (RFC 9113, section 4 and 6). */

export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const frameFlag = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

/** RFC 9113, section 7 */
export const errorCode = {
  noError: 0x0,
  protocolError: 0x1,
  internalError: 0x2,
  flowControlError: 0x3,
  streamClosed: 0x5,
  frameSizeError: 0x6,
  refusedStream: 0x7,
  cancel: 0x8,
  compressionError: 0x9,
  enhanceYourCalm: 0xb,
} as const;
export type ErrorCode = (typeof errorCode)[keyof typeof errorCode];

/** RFC 9113, section 6.5.2 */
export const setting = {
  headerTableSize: 0x1,
  enablePush: 0x2,
  maxConcurrentStreams: 0x3,
  initialWindowSize: 0x4,
  maxFrameSize: 0x5,
  maxHeaderListSize: 0x6,
} as const;

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
export const frameHeaderBytes = 9;
export const defaultWindow = 65_535;
export const defaultFrameBytes = 16_384;
export const windowMax = 0x7fffffff;

/** Ends the connection with a GOAWAY. */
export class ConnectionError extends Error {
  override name = 'ConnectionError';
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Ends one stream with a RST_STREAM. */
export class StreamError extends Error {
  override name = 'StreamError';
  readonly code: ErrorCode;
  readonly streamId: number;
  constructor(streamId: number, code: ErrorCode, message: string) {
    super(message);
    this.code = code;
    this.streamId = streamId;
  }
}

export const protocolError = (message: string): ConnectionError =>
  new ConnectionError(errorCode.protocolError, message);

/** `payload` of a frame; the views are of the bytes that came from the socket */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** The content of a DATA or HEADERS frame without its padding. */
export function unpadded({ flags, payload }: Frame): Buffer {
  if ((flags & frameFlag.padded) === 0) return payload;
  const padding = payload[0];
  if (padding === undefined || padding >= payload.length) throw protocolError('the padding is longer than the frame');
  return payload.subarray(1, payload.length - padding);
}
