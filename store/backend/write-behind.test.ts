import t from 'tap';
import type { WriteOp } from './backend.ts';
import { MemoryBackend } from './memory-backend.ts';
import { WriteBehind } from './write-behind.ts';

const b = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const indexOp = (index: number): WriteOp => ({ key: b('index'), value: b(String(index)) });

class Gated extends MemoryBackend {
  batches: string[] = [];
  gate: Promise<void> = Promise.resolve();
  fail: Error | undefined;
  override async write(ops: readonly WriteOp[]): Promise<void> {
    await this.gate;
    if (this.fail) throw this.fail;
    this.batches.push(ops.map((op) => Buffer.from(op.key).toString()).join(' '));
    await super.write(ops);
  }
}

function make(backend: Gated, more = {}) {
  const seen: { durable: number[]; failed: Error[] } = { durable: [], failed: [] };
  const onDurable = (index: number): void => void seen.durable.push(index);
  const onFailed = (error: Error): void => void seen.failed.push(error);
  const writer = new WriteBehind(backend, { indexOp, onDurable, onFailed, durableIndex: 4, ...more });
  return { writer, seen };
}

void t.test('writes in order, with the index in the batch that it describes (etcd 13766)', async (t) => {
  const backend = new Gated();
  const { writer, seen } = make(backend);
  for (const [i, key] of ['a', 'b', 'c'].entries()) {
    writer.stage({ key: b(key), value: b('1') });
    void writer.commit(5 + i);
  }
  t.equal(writer.durableIndex, 4);
  await writer.flush();
  t.same(backend.batches, ['a b c index']);
  t.same(await backend.get(b('index')), b('7'));
  t.same(seen.durable, [], 'written is not durable');
  await writer.stop();
  t.same(seen.durable, [7]);
  t.equal(writer.durableIndex, 7);
});

void t.test('a full buffer holds the caller back until half of it is written', async (t) => {
  const backend = new Gated();
  let open = (): void => {};
  backend.gate = new Promise((resolve) => (open = resolve));
  const { writer } = make(backend, { bufferBytesMax: 1000 });
  writer.stage({ key: b('a'), value: new Uint8Array(500) });
  t.equal(writer.commit(5), undefined);
  writer.stage({ key: b('b'), value: new Uint8Array(600) });
  const full = writer.commit(6);
  t.ok(full instanceof Promise);
  open();
  await full;
  t.ok(writer.bufferedBytes <= 500);
  await writer.stop();
});

void t.test('a second commit of the same index is waited for: by flush, by stop, before a replacement', async (t) => {
  const backend = new Gated();
  const { writer } = make(backend);
  writer.stage({ key: b('a'), value: b('1') });
  void writer.commit(5);
  await writer.flush();
  let open = (): void => {};
  backend.gate = new Promise((resolve) => (open = resolve));
  writer.stage({ key: b('a'), value: undefined });
  void writer.commit(5);
  const paused = { yet: false };
  const pausing = writer.pause().then(() => (paused.yet = true));
  await new Promise((resolve) => setTimeout(resolve, 5));
  t.notOk(paused.yet, 'the clean-up is still on its way');
  open();
  await pausing;
  t.same(backend.batches, ['a index', 'a index']);
  writer.restart(9);
  await writer.flush();
  t.equal(writer.bufferedBytes, 0);
  await writer.stop();
});

void t.test('a failed write is told once, and nothing is written after it', async (t) => {
  const backend = new Gated();
  backend.fail = new Error('no space left on device');
  const { writer, seen } = make(backend);
  writer.stage({ key: b('a'), value: b('1') });
  void writer.commit(5);
  await t.rejects(writer.flush(), /no space left/);
  backend.fail = undefined;
  void writer.commit(6);
  await t.rejects(writer.sync(), /no space left/);
  t.same([seen.failed.length, backend.batches.length, writer.durableIndex], [1, 0, 4]);
  await writer.stop();
});

void t.test('what is written again and again reaches the backend once a batch, with its last value', async (t) => {
  const backend = new Gated();
  const { writer } = make(backend);
  for (const [i, value] of ['1', '2', '3'].entries()) {
    writer.stage({ key: b(`r${i}`), value: b(value) });
    writer.stageLatest({ key: b('s'), value: b(value) });
    void writer.commit(5 + i);
  }
  writer.stage({ key: b('r0'), value: undefined });
  void writer.commit(8);
  await writer.flush();
  t.same(backend.batches, ['r0 r1 r2 r0 s index']);
  t.same(await backend.get(b('s')), b('3'));
  t.equal(await backend.get(b('r0')), undefined, 'a record that is dropped again in its batch is gone');
  writer.stageLatest({ key: b('s'), value: undefined });
  void writer.commit(9);
  await writer.flush();
  t.equal(await backend.get(b('s')), undefined);
  await writer.stop();
});
