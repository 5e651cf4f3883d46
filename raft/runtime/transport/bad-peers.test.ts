import * as grpc from '@grpc/grpc-js';
import { pack } from 'msgpackr';
import t from 'tap';
import { silentLog } from '../../../base/log.ts';
import type { Log } from '../../../base/log.ts';
import type { Message } from '../../core/types.ts';
import { encodeMessages } from './message-codec.ts';
import { connectTo, fromBuffer, identityMetadata, messagesPath, toBuffer } from './peer-protocol.ts';
import { Transport } from './transport.ts';

const own = { id: 'b', clusterId: 'c' };
const stranger = { id: 'a', clusterId: 'c' };
const good: Message = { type: 'heartbeat', from: 'a', to: 'b', term: 1, commit: 1 };

/** As on the wire, to be spoilt field by field. */
const wire = (change: Record<number, unknown> = {}): unknown[] => {
  const fields: unknown[] = [4, 'a', 'b', 1, 1, 1, [], 1, null, null, null, null, null];
  for (const [i, value] of Object.entries(change)) fields[Number(i)] = value;
  return fields;
};

const cases: Readonly<Record<string, { bytes: Uint8Array; says: RegExp }>> = {
  'random bytes': { bytes: Buffer.from('c1ff00d9a7', 'hex'), says: /no msgpack|something else than a batch/ },
  nothing: { bytes: new Uint8Array(0), says: /no msgpack|something else than a batch/ },
  'a text': { bytes: pack('hello'), says: /something else than a batch of messages/ },
  'a batch of numbers': { bytes: pack([1, 2]), says: /something else than a message/ },
  'a type of a future version': { bytes: pack([wire({ 0: 99 })]), says: /unknown type 99/ },
  'an entry of a future version': {
    bytes: pack([wire({ 6: [[1, 2, 7, Buffer.from('x')]] })]),
    says: /entry of the unknown type 7/,
  },
  'a term that is no number': { bytes: pack([wire({ 3: 'two' })]), says: /whose term cannot be/ },
  'a term below 0': { bytes: pack([wire({ 3: -1 })]), says: /whose term cannot be/ },
  'a term beyond 2^53': { bytes: pack([wire({ 3: 2 ** 60 })]), says: /whose term cannot be/ },
  'entries with a gap': {
    bytes: pack([
      wire({
        6: [
          [1, 2, 0, Buffer.from('x')],
          [1, 4, 0, Buffer.from('x')],
        ],
      }),
    ]),
    says: /whose entries cannot be/,
  },
  'an entry without data': { bytes: pack([wire({ 6: [[1, 2, 0]] })]), says: /whose entries cannot be/ },
  'a snapshot without a configuration': { bytes: pack([wire({ 0: 8, 11: { index: 1, term: 1 } })]), says: /snapshot/ },
};

async function listen(t: { teardown(fn: () => unknown): unknown }) {
  const messages: Message[] = [];
  const warnings: { peer?: string; error?: string }[] = [];
  const log: Log = { ...silentLog, warn: (fields) => void warnings.push(fields) };
  const transport = await Transport.start({
    own,
    listenUrls: ['http://127.0.0.1:0'],
    tls: undefined,
    log,
    events: {
      onMessages: (batch) => void messages.push(...batch),
      onPeerClosed: () => {},
      onUnreachable: () => {},
      onPeerUp: () => {},
      onSnapshot: () => Promise.resolve(),
    },
    dropMessage: undefined,
  });
  t.teardown(() => transport.close());
  return { url: `http://127.0.0.1:${transport.ports[0]}`, messages, warnings };
}

/** Sends the batches on one stream; resolves with how it ended, where it did not stand. */
async function speak(url: string, metadata: grpc.Metadata, batches: readonly Uint8Array[], endsItself = false) {
  const client = connectTo(url, undefined);
  const call = client.makeBidiStreamRequest<Uint8Array, Uint8Array>(messagesPath, toBuffer, fromBuffer, metadata, {});
  call.on('error', () => {});
  call.resume();
  const status = new Promise<grpc.StatusObject>((resolve) => call.on('status', resolve));
  for (const bytes of batches) call.write(bytes);
  if (endsItself) call.end();
  const ended = await status;
  client.close();
  return ended;
}

void t.test(
  'what a peer says and cannot be is refused in words that name it; nothing of it gets through',
  async (t) => {
    const { url, messages, warnings } = await listen(t);
    for (const [name, { bytes, says }] of Object.entries(cases)) {
      const { code, details } = await speak(url, identityMetadata(stranger, 'b', 'urgent'), [bytes]);
      t.equal(code, grpc.status.FAILED_PRECONDITION, name);
      t.match(details, /^member b refuses a message of member a: .*same version\?$/, name);
      t.match(details, says, name);
      t.match(warnings.pop(), { peer: 'a', error: says }, `${name}: told here too`);
    }
    t.same(messages, []);
    await speak(url, identityMetadata(stranger, 'b', 'urgent'), [encodeMessages([good])], true);
    t.same(messages, [good], 'a peer that makes sense is heard as before');
  },
);

void t.test('a peer of another protocol, cluster or with no name is refused before it says anything', async (t) => {
  const { url, messages } = await listen(t);
  const changed = (name: string, value: string): grpc.Metadata => {
    const metadata = identityMetadata(stranger, 'b', 'urgent');
    metadata.set(name, value);
    return metadata;
  };
  const strangers: Record<string, [grpc.Metadata, RegExp]> = {
    'a future protocol': [changed('kuorum-protocol', '2'), /peer protocol 2 is not ours, which is 1/],
    'another cluster': [changed('kuorum-cluster-id', 'x'), /cluster ID mismatch/],
    'another member meant': [changed('kuorum-to', 'x'), /member ID mismatch/],
    ourselves: [changed('kuorum-from', 'b'), /cannot be a peer/],
    'no metadata': [new grpc.Metadata(), /peer protocol unknown/],
  };
  for (const [name, [metadata, says]] of Object.entries(strangers)) {
    const { code, details } = await speak(url, metadata, [encodeMessages([good])]);
    t.equal(code, grpc.status.FAILED_PRECONDITION, name);
    t.match(details, says, name);
  }
  t.same(messages, []);
});
