export { decodeConfChange, encodeConfChange } from './conf-change-codec.ts';
export { ConfChangeError, LogCompactedError, LogCorruptionError, LogUnavailableError } from './errors.ts';
export { emptyConfState, MemoryStorage } from './memory-storage.ts';
export { RawNode } from './raw-node.ts';
export type * from './types.ts';
