import { gzipSync } from 'node:zlib';
import { group } from '../parity-case.ts';
import type { CaseOptions, ParityCase } from '../parity-case.ts';
import type { Session } from '../session.ts';
import { codecOf, framed } from '../wire-client.ts';

const grpcHeaders = { 'content-type': 'application/grpc', te: 'trailers' };
const putPath = '/etcdserverpb.KV/Put';
const putOf = (key: string, value = '1'): Uint8Array =>
  codecOf(putPath).request.encode({ key: Buffer.from(key), value: Buffer.from(value) });

interface Odd {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}
/** A Put that is odd in one way. */
const odd = (
  s: Session,
  what: string,
  { path = putPath, headers = {}, body = framed(putOf('a')) }: Odd,
): Promise<void> => s.raw(what, { path, headers: { ...grpcHeaders, ...headers }, body });

const calls = group('wire, calls', [
  [
    'as they should be',
    async (s) => {
      await odd(s, 'a put', {});
      await s.range({ key: 'a' });
    },
  ],
  [
    'content types of gRPC',
    async (s) => {
      await odd(s, 'application/grpc+proto', { headers: { 'content-type': 'application/grpc+proto' } });
    },
  ],
  ['an empty message is one without fields', (s) => odd(s, 'no fields', { body: framed(new Uint8Array(0)) })],
  [
    'unknown fields are skipped',
    async (s) => {
      // field 15, length-delimited
      await odd(s, 'a field of the future', {
        body: framed(Buffer.concat([putOf('a'), Buffer.from([0x7a, 2, 1, 2])])),
      });
      await s.range({ key: 'a' });
    },
  ],
  [
    'a field twice: the last counts',
    async (s) => {
      await odd(s, 'two keys', { body: framed(Buffer.concat([putOf('a'), putOf('b', '2')])) });
      await s.range({ key: 'a', rangeEnd: 'z' });
    },
  ],
]);

const oddCalls = group('wire, odd calls', [
  ['a method that is not there', (s) => odd(s, 'KV/Nothing', { path: '/etcdserverpb.KV/Nothing' })],
  ['a service that is not there', (s) => odd(s, 'Nothing/Put', { path: '/etcdserverpb.Nothing/Put' })],
  ['a path of one part', (s) => odd(s, '/Put', { path: '/Put' }), { since: '3.6' }],
  ['a path of three parts', (s) => odd(s, '/a/b/c', { path: '/a/b/c' })],
  ['without a message', (s) => odd(s, 'an empty body', { body: Buffer.alloc(0) })],
  ['a message that breaks off', (s) => odd(s, 'half a message', { body: framed(putOf('a')).subarray(0, 7) })],
  [
    'two messages in a unary call',
    (s) => odd(s, 'two puts', { body: Buffer.concat([framed(putOf('a')), framed(putOf('b'))]) }),
  ],
]);

const compressed = group('wire, compression', [
  [
    'gzip is taken',
    async (s) => {
      await odd(s, 'gzip', { headers: { 'grpc-encoding': 'gzip' }, body: framed(gzipSync(putOf('a')), true) });
      await s.range({ key: 'a' });
    },
    { since: '3.6' },
  ],
  [
    'gzip announced and not used',
    async (s) => {
      await odd(s, 'plain', { headers: { 'grpc-encoding': 'gzip' } });
      await s.range({ key: 'a' });
    },
    { since: '3.6' },
  ],
  [
    'what is no gzip',
    async (s) => {
      const gzip = { ...grpcHeaders, 'grpc-encoding': 'gzip' };
      const { headers } = await s.client.raw({
        path: putPath,
        headers: gzip,
        body: framed(Buffer.from('nonsense'), true),
      });
      s.note(`grpc-status ${headers['grpc-status']}`);
    },
    { since: '3.6' },
  ],
]);

/** how a message can be wrong; the code is compared, the words are each library's */
const malformed: readonly (readonly [string, readonly number[], CaseOptions?])[] = [
  ['a length beyond the end', [0x0a, 0x50, 1]],
  ['a tag that breaks off', [0x80]],
  ['a number of eleven bytes', [0x18, ...Array.from({ length: 11 }, () => 0xff), 1]],
  ['field number 0', [0x02, 1, 1]],
  ['a wire type that is none', [0x0f, 1]],
  ['a wire type of another kind', [0x08, 1], { since: '3.7' }],
  ['an end of a group that never began', [0x7c]],
];
const protobuf = group(
  'wire, malformed protobuf',
  malformed.map(([what, bytes, options]) => [
    what,
    async (s) => {
      const { headers } = await s.client.raw({ path: putPath, headers: grpcHeaders, body: framed(Buffer.from(bytes)) });
      s.note(`grpc-status ${headers['grpc-status']}`);
      await s.range({ key: '\0', rangeEnd: '\0' });
    },
    options,
  ]),
);

const kib = 1024;
const sizes = group('wire, sizes', [
  [
    'a value of 1.4 MiB',
    async (s) => {
      await s.put('a', 'x'.repeat(1400 * kib));
      await s.range({ key: 'a' });
    },
  ],
  [
    'a value over 1.5 MiB',
    async (s) => {
      await s.put('a', 'x'.repeat(1536 * kib + 1));
      await s.range({ key: 'a' });
    },
  ],
  ['a value of 1.9 MiB', (s) => s.put('a', 'x'.repeat(1900 * kib))],
  [
    'a key of 1 MiB',
    async (s) => {
      await s.put('k'.repeat(1024 * kib), '1');
      await s.range({ key: 'k', rangeEnd: 'l' });
      await s.del('k', { rangeEnd: 'l' });
    },
  ],
  [
    'an answer that is larger than any request may be',
    async (s) => {
      for (const key of ['a', 'b', 'c', 'd']) await s.put(key, 'x'.repeat(1200 * kib));
      await s.range({ key: 'a', rangeEnd: 'z' });
    },
  ],
  [
    'watch: what is too large for one response comes in fragments',
    async (s) => {
      for (const key of ['a', 'b', 'c', 'd']) await s.quietly('KV/Put', { key, value: 'x'.repeat(700 * kib) });
      const w = s.watch();
      await w.created({ key: 'a', rangeEnd: 'z', startRevision: s.at(1), fragment: true });
      await w.events(4);
    },
  ],
  [
    'watch: without fragments',
    async (s) => {
      for (const key of ['a', 'b', 'c', 'd']) await s.quietly('KV/Put', { key, value: 'x'.repeat(700 * kib) });
      const w = s.watch();
      await w.created({ key: 'a', rangeEnd: 'z', startRevision: s.at(1) });
      await w.events(4);
    },
  ],
]);

const beyondGrpc = group('wire, sizes that gRPC refuses', [
  ['a value of 2.1 MiB', (s) => s.put('a', 'x'.repeat(2100 * kib))],
]);

const metadata = group('wire, metadata', [
  [
    'a leader is asked for',
    async (s) => {
      await s.call('KV/Put', { key: 'a', value: '1' }, { hasleader: 'true' });
      await s.call('KV/Range', { key: 'a' }, { hasleader: 'true' });
    },
  ],
  [
    'others are of no account',
    async (s) => void (await s.call('KV/Range', { key: 'a' }, { 'client-api-version': '3.6.0', other: 'x' })),
  ],
  [
    'a token where nobody asks for one',
    async (s) => void (await s.call('KV/Range', { key: 'a' }, { token: 'none.1' })),
    { since: '3.6' },
  ],
]);

const deadlines = group('wire, deadlines', [
  [
    'a watch ends with its own',
    async (s) => {
      const { headers } = await s.client.raw({
        path: '/etcdserverpb.Watch/Watch',
        headers: { ...grpcHeaders, 'grpc-timeout': '200m' },
        body: framed(codecOf('/etcdserverpb.Watch/Watch').request.encode({ createRequest: { key: Buffer.from('a') } })),
      });
      // it is reset (CANCEL), or told why, whichever of the two is first
      s.note(`over: ${headers['grpc-status'] === '4' || headers['reset'] === '8'}`);
    },
    { since: '3.6' },
  ],
  ['a put with a long one', (s) => odd(s, '20 s', { headers: { 'grpc-timeout': '20S' } })],
]);

/** where the words are those of the gRPC library */
const byLibrary = (cases: readonly ParityCase[]): ParityCase[] => cases.map((one) => ({ ...one, byLibrary: true }));

export const wireCases = [
  ...calls,
  ...byLibrary(oddCalls),
  ...byLibrary(beyondGrpc),
  ...compressed,
  ...protobuf,
  ...sizes,
  ...metadata,
  ...deadlines,
];
