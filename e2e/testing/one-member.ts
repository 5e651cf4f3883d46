import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Foreground } from './foreground.ts';
import { freePortBlock } from './local-cluster.ts';

type Teardown = { teardown(fn: () => unknown): unknown };

/** Flags of a member alone, ours or etcd's, on ports that are free now and in a temporary folder. */
export async function loneMember(secure = false): Promise<{ client: number; args: string[]; dir: string }> {
  const client = await freePortBlock(1);
  const dir = mkdtempSync(join(tmpdir(), 'kuorum-member-'));
  const [c, p] = [`http${secure ? 's' : ''}://127.0.0.1:${client}`, `http://127.0.0.1:${client + 1}`];
  const args = [
    `--name=m`, `--data-dir=${join(dir, 'm')}`, `--listen-client-urls=${c}`, `--advertise-client-urls=${c}`,
    `--listen-peer-urls=${p}`, `--initial-advertise-peer-urls=${p}`, `--initial-cluster=m=${p}`,
    ...(secure ? ['--auto-tls'] : []),
  ]; // prettier-ignore
  return { client, args, dir };
}

/** `kuorum etcd`, one member; the port for clients. `secure`: with a certificate of its own making */
export async function startMember(t: Teardown, { secure = false } = {}): Promise<number> {
  const { client, args, dir } = await loneMember(secure);
  const member = new Foreground(['etcd', ...args]);
  t.teardown(async () => {
    await member.stop('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });
  await member.printed(/ready to serve client requests/);
  return client;
}
