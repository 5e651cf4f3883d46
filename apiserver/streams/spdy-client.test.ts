import { duplexPair } from './testing/duplex-pair.ts';
import { inflateSync, constants } from 'node:zlib';
import t from 'tap';
import { SpdyClient } from './spdy-client.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
const data = (id: number, flags: number, text: string): Buffer => {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(id, 0);
  head.writeUInt32BE(((flags << 24) | text.length) >>> 0, 4);
  return Buffer.concat([head, Buffer.from(text)]);
};

/** `1: {streamtype: stdin}` of the first SYN_STREAM */
function firstHeaders(frame: Buffer): string {
  const block = frame.subarray(18, 8 + frame.readUIntBE(5, 3));
  return inflateSync(block, { finishFlush: constants.Z_SYNC_FLUSH }).toString('latin1');
}

void t.test('SpdyClient opens streams, and hands out what comes for each', async (t) => {
  const [near, far] = duplexPair();
  const sent: Buffer[] = [];
  far.on('data', (chunk: Buffer) => sent.push(chunk));
  const heard: string[] = [];
  const client = new SpdyClient(near, Buffer.alloc(0));
  const stream = (name: string) =>
    client.open(
      { streamType: name },
      { data: (chunk) => heard.push(`${name} ${chunk.toString()}`), end: () => heard.push(`${name} ends`) },
    );
  const stdin = stream('stdin');
  stream('stdout');
  stdin.write(Buffer.from('ls'));
  stdin.end();
  // a frame in two pieces, an end, and a reset
  const frames = Buffer.concat([data(3, 0, 'bin'), data(3, 1, '')]);
  far.write(frames.subarray(0, 9));
  far.write(frames.subarray(9));
  far.write(Buffer.from([0x80, 3, 0, 3, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 5]));
  await settled();
  t.same(heard, ['stdout bin', 'stdout ends', 'stdin ends']);
  const all = Buffer.concat(sent);
  t.equal(all.subarray(0, 4).toString('hex'), '80030001', 'SYN_STREAM of SPDY 3');
  t.equal(all.readUInt32BE(8), 1, 'a client counts in odd numbers');
  t.equal(firstHeaders(all), '\0\0\0\x01\0\0\0\x0astreamtype\0\0\0\x05stdin');
  t.ok(all.includes(data(1, 0, 'ls')));
  t.ok(all.includes(data(1, 1, '')));
});

void t.test('SpdyClient answers pings and ends all streams with the connection', async (t) => {
  const [near, far] = duplexPair();
  const sent: Buffer[] = [];
  far.on('data', (chunk: Buffer) => sent.push(chunk));
  const ping = Buffer.from([0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, 2]);
  const client = new SpdyClient(near, ping);
  let ended = false;
  client.open({ streamtype: 'error' }, { data: () => {}, end: () => (ended = true) });
  await settled();
  t.same(sent[0], ping);
  near.destroy();
  await settled();
  t.ok(ended);
});
