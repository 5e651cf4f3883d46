import type { GrpcCode } from '../server.ts';
import { headerTableBytes, indexedLiteralField, literalField } from './hpack.ts';

const status200 = Buffer.of(0x88);
const contentType = ['content-type', 'application/grpc'] as const;
const statusOk = ['grpc-status', '0'] as const;

const literalHeaders = Buffer.concat([status200, literalField(...contentType)]);
const literalTrailers = literalField(...statusOk);
const firstHeaders = Buffer.concat([status200, indexedLiteralField(...contentType)]);
const firstTrailers = indexedLiteralField(...statusOk);
/** the newest entry of the dynamic table is 62 */
const laterTrailers = Buffer.of(0x80 | 62);
const headersAtNewest = Buffer.of(0x88, 0x80 | 62);
const headersAtSecond = Buffer.of(0x88, 0x80 | 63);

/**
 * The header blocks of answers. All successful ones are the same two, so they enter the client's table once and are two
 * bytes and one byte after that; all else is sent as literals, which leave the table as it is. Blocks must be sent in the
 * order in which they were asked for.
 */
export class ResponseBlocks {
  #useTable = true;
  #headersKnown = false;
  #trailersKnown = false;

  /** SETTINGS_HEADER_TABLE_SIZE of the client; a smaller table would have to be acknowledged, so it is not used at all */
  tableBytes(bytes: number): void {
    if (bytes < headerTableBytes) this.#useTable = false;
  }

  headers(): Buffer {
    if (!this.#useTable) return literalHeaders;
    if (this.#headersKnown) return this.#trailersKnown ? headersAtSecond : headersAtNewest;
    this.#headersKnown = true;
    return firstHeaders;
  }

  okTrailers(): Buffer {
    // The order in the table is content-type, then grpc-status, so that their indexes are known.
    if (!this.#useTable || !this.#headersKnown) return literalTrailers;
    if (this.#trailersKnown) return laterTrailers;
    this.#trailersKnown = true;
    return firstTrailers;
  }
}

/** `grpc-message` is percent-encoded UTF-8 */
const percentEncoded = (text: string): string =>
  Buffer.from(text)
    .toString('latin1')
    .replace(/[^ -$&-~]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);

/** A status that is not OK; `alone`: no headers were sent before it. */
export function errorTrailers(code: GrpcCode, message: string, alone: boolean): Buffer {
  return Buffer.concat([
    ...(alone ? [literalHeaders] : []),
    literalField('grpc-status', String(code)),
    ...(message === '' ? [] : [literalField('grpc-message', percentEncoded(message))]),
  ]);
}

/** The head of an answer of plain HTTP. */
export function plainHead(status: number, fields: Readonly<Record<string, string>>): Buffer {
  const all = Object.entries({ ':status': String(status), ...fields });
  return Buffer.concat(all.map(([name, value]) => literalField(name, value)));
}
