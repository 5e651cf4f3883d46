import { ConnectionError, defaultFrameBytes, errorCode, frameFlag, protocolError, setting } from './frame.ts';

export const headerListBytesMax = 64 * 1024;
/** what a client may send of one call before its handler has taken it */
export const streamWindow = 1024 * 1024;
export const connectionWindow = 16 * 1024 * 1024;
export const concurrentCallsMax = 100_000;

/** what a server says of itself at the start */
export const announced = (maxConcurrentCalls: number): readonly (readonly [id: number, value: number])[] => [
  [setting.maxConcurrentStreams, maxConcurrentCalls],
  [setting.initialWindowSize, streamWindow],
  [setting.maxFrameSize, defaultFrameBytes],
  [setting.maxHeaderListSize, headerListBytesMax],
];

/** What a client's SETTINGS say, as far as answers depend on it; undefined for an acknowledgement. Throws where they are wrong. */
export function checkedSettings(streamId: number, flags: number, payload: Buffer) {
  if (streamId !== 0) throw protocolError('SETTINGS belong to the connection');
  const isAck = (flags & frameFlag.ack) !== 0;
  if (payload.length % 6 !== 0 || (isAck && payload.length > 0)) {
    throw new ConnectionError(errorCode.frameSizeError, 'SETTINGS has a wrong length');
  }
  if (isAck) return undefined;
  const found: { initialWindowSize?: number; headerTableSize?: number } = {};
  for (let at = 0; at < payload.length; at += 6) {
    const id = payload.readUInt16BE(at);
    const value = payload.readUInt32BE(at + 2);
    if (id === setting.enablePush && value > 1) throw protocolError('SETTINGS_ENABLE_PUSH is 0 or 1');
    if (id === setting.maxFrameSize && (value < defaultFrameBytes || value > 0xffffff)) {
      throw protocolError('SETTINGS_MAX_FRAME_SIZE is out of range');
    }
    if (id === setting.initialWindowSize) found.initialWindowSize = value;
    if (id === setting.headerTableSize) found.headerTableSize = value;
  }
  return found;
}
