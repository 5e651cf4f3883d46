import { spawn } from 'node:child_process';
import t from 'tap';
import { eventually } from '../client/testing/eventually.ts';
import { startMember } from './testing/one-member.ts';
import { findPeer, lacking } from './testing/peers.ts';

t.setTimeout(300_000);
const patienceMs = 60_000;

/** etcdctl until it is told to stop; `lines` is what it has printed */
function start(program: string, port: number, ...args: string[]) {
  const env = { ...process.env, ETCDCTL_API: '3', ETCDCTL_ENDPOINTS: `127.0.0.1:${port}` };
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const lines = (): string[] => text.trim().split('\n').filter(Boolean);
  return {
    ended,
    lines,
    printed: (count: number) =>
      eventually(`${count} lines of etcdctl ${args.join(' ')}`, () => lines().length >= count, patienceMs),
    stop: async () => {
      child.kill('SIGINT');
      await ended;
    },
  };
}

for (const name of ['etcdctl', 'etcdctl-3.6', 'etcdctl-3.7']) {
  void t.test(`${name} lock and elect, which do their waiting themselves`, { skip: lacking(name) }, async (t) => {
    const port = await startMember(t);
    const etcdctl = (...args: string[]) => start(findPeer(name)!, port, ...args);

    const holder = etcdctl('lock', 'm');
    await holder.printed(1);
    t.match(holder.lines()[0], /^m\/[0-9a-f]+$/);
    const next = etcdctl('lock', 'm');
    const after = etcdctl('lock', 'm', 'echo', 'held');
    t.same([next.lines(), after.lines()], [[], []]);
    await holder.stop();
    await Promise.race([next.printed(1), after.printed(1)]);
    await next.printed(1);
    await next.stop();
    t.equal(await after.ended, 0);
    t.same(after.lines(), ['held']);

    const listener = etcdctl('elect', '-l', 'e');
    const first = etcdctl('elect', 'e', 'one');
    await first.printed(2);
    t.match(first.lines(), [/^e\/[0-9a-f]+$/, 'one']);
    await listener.printed(2);
    const second = etcdctl('elect', 'e', 'two');
    await first.stop();
    await second.printed(2);
    t.equal(second.lines()[1], 'two');
    await listener.printed(4);
    t.same(
      listener.lines().filter((line) => !line.startsWith('e/')),
      ['one', 'two'],
    );
    await second.stop();
    await listener.stop();
  });
}
