import { Packr } from 'msgpackr';
import type { Entry, EntryType, Message, MessageType } from '../../core/types.ts';
import { messageOf } from '../../../base/message-of.ts';
import { checkWireMessage } from './wire-message.ts';
import type { WireEntry, WireMessage } from './wire-message.ts';

/**
 * Batches of messages as msgpack arrays: positions instead of names, numbers for types. New fields go to the end, new
 * types too; a reader takes what is absent as absent.
 */
const messageTypes: readonly MessageType[] = [
  'pre-vote',
  'pre-vote-resp',
  'vote',
  'vote-resp',
  'app',
  'app-resp',
  'heartbeat',
  'heartbeat-resp',
  'snap',
  'prop',
  'read-index',
  'read-index-resp',
  'transfer-leader',
  'timeout-now',
  'forget-leader',
];
const entryTypes: readonly EntryType[] = ['normal', 'conf-change'];

const packr = new Packr({ useRecords: false, variableMapSize: true });

function toWire(m: Message): WireMessage {
  return [
    messageTypes.indexOf(m.type),
    m.from,
    m.to,
    m.term,
    m.index ?? null,
    m.logTerm ?? null,
    m.entries?.map((e): WireEntry => [e.term, e.index, entryTypes.indexOf(e.type), e.data]) ?? null,
    m.commit ?? null,
    m.reject ?? null,
    m.rejectHint ?? null,
    m.context ?? null,
    m.snapshot ?? null,
    m.commitTerm ?? null,
  ];
}

function fromWire(w: WireMessage): Message {
  const type = messageTypes[w[0]];
  if (type === undefined) throw new RangeError(`a peer sent a message of the unknown type ${w[0]}`);
  const entries = w[6]?.map(([term, index, kind, data]): Entry => {
    const entryType = entryTypes[kind];
    if (entryType === undefined) throw new RangeError(`a peer sent an entry of the unknown type ${kind}`);
    return { term, index, type: entryType, data };
  });
  return {
    type,
    from: w[1],
    to: w[2],
    term: w[3],
    ...(w[4] != null && { index: w[4] }),
    ...(w[5] != null && { logTerm: w[5] }),
    ...(entries !== undefined && { entries }),
    ...(w[7] != null && { commit: w[7] }),
    ...(w[8] != null && { reject: w[8] }),
    ...(w[9] != null && { rejectHint: w[9] }),
    ...(w[10] != null && { context: w[10] }),
    ...(w[11] != null && { snapshot: w[11] }),
    ...(w[12] != null && { commitTerm: w[12] }),
  };
}

export const encodeMessages = (messages: readonly Message[]): Uint8Array => packr.pack(messages.map(toWire));

/** Throws RangeError on what no peer of ours would send. */
export function decodeMessages(bytes: Uint8Array): Message[] {
  let wire: unknown;
  try {
    wire = packr.unpack(bytes);
  } catch (error) {
    throw new RangeError(`a peer sent what is no msgpack: ${messageOf(error)}`);
  }
  if (!Array.isArray(wire)) throw new RangeError('a peer sent something else than a batch of messages');
  return wire.map((message: unknown) => {
    checkWireMessage(message);
    return fromWire(message);
  });
}

/** About what the message takes on the wire and in a queue. */
export function messageBytes(message: Message): number {
  let bytes = 128;
  for (const entry of message.entries ?? []) bytes += entry.data.length + 32;
  return bytes;
}
