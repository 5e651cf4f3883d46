/** Base64 of JSON's `[]byte` fields. */
import protobuf from 'protobufjs/minimal.js';

const encoder = new TextEncoder();

export const bytesToBase64 = (bytes: Uint8Array): string => protobuf.util.base64.encode(bytes, 0, bytes.length);

export const utf8ToBase64 = (text: string): string => bytesToBase64(encoder.encode(text));

export function base64ToBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(protobuf.util.base64.length(text));
  protobuf.util.base64.decode(text, bytes, 0);
  return bytes;
}

/** How many bytes a base64 text stands for. */
export const base64Length = (text: string): number => protobuf.util.base64.length(text);
