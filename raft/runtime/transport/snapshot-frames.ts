import type { Message } from '../../core/types.ts';
import { crc32c } from '../../../base/crc32c.ts';
import { decodeMessages, encodeMessages } from './message-codec.ts';

/**
 * A snapshot on its way: the message it belongs to, chunks of at most `chunkBytesMax`, and an end that tells whether all
 * arrived. The first byte of a frame says which it is.
 */
const frameKind = { offer: 1, chunk: 2, end: 3 } as const;
export const chunkBytesMax = 1024 * 1024;

function frame(kind: number, payload: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(1 + payload.length);
  out[0] = kind;
  out.set(payload, 1);
  return out;
}

export async function* encodeFrames(offer: Message, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  yield frame(frameKind.offer, encodeMessages([offer]));
  let crc = 0;
  let total = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += chunkBytesMax) {
      const part = chunk.subarray(at, at + chunkBytesMax);
      crc = crc32c(part, crc);
      total += part.length;
      yield frame(frameKind.chunk, part);
    }
  }
  const end = Buffer.alloc(12);
  end.writeUInt32LE(crc);
  end.writeBigUInt64LE(BigInt(total), 4);
  yield frame(frameKind.end, end);
}

/** Throws RangeError where the stream breaks off or is not what was sent. */
export async function decodeFrames(
  frames: AsyncIterable<Uint8Array>,
): Promise<{ offer: Message; chunks: AsyncIterable<Uint8Array> }> {
  const iterator = frames[Symbol.asyncIterator]();
  const first = await iterator.next();
  const offer =
    !first.done && first.value[0] === frameKind.offer ? decodeMessages(first.value.subarray(1))[0] : undefined;
  if (offer?.type !== 'snap' || offer.snapshot === undefined) throw new RangeError('the stream offers no snapshot');
  return { offer, chunks: decodeChunks({ [Symbol.asyncIterator]: () => iterator }) };
}

async function* decodeChunks(frames: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let crc = 0;
  let total = 0;
  for await (const bytes of frames) {
    const payload = bytes.subarray(1);
    if (bytes[0] === frameKind.chunk) {
      crc = crc32c(payload, crc);
      total += payload.length;
      yield payload;
      continue;
    }
    const end = Buffer.from(payload);
    const whole = bytes[0] === frameKind.end && end.length === 12;
    if (!whole || end.readUInt32LE(0) !== crc || Number(end.readBigUInt64LE(4)) !== total) {
      throw new RangeError('the snapshot was damaged on its way');
    }
    return;
  }
  throw new RangeError('the snapshot stream broke off before its end');
}
