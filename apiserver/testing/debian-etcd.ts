import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program = '/usr/bin/etcd';

export const debianEtcdIsPresent = existsSync(program);

export interface EtcdProcess {
  readonly url: string;
  kill(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((s) => new Promise<void>((done) => s.listen(0, '127.0.0.1', done))));
  const ports = servers.map((s) => (s.address() as AddressInfo).port);
  await Promise.all(servers.map((s) => new Promise((done) => s.close(done))));
  return ports;
}

/** Starts a real etcd of `count` members on loopback, each with a folder of its own, and waits until it serves. */
export async function startDebianEtcd(count = 1): Promise<EtcdProcess[]> {
  const ports = await freePorts(count * 2);
  const peerOf = (i: number): string => `http://127.0.0.1:${ports[i * 2 + 1]}`;
  const cluster = Array.from({ length: count }, (_, i) => `m${i}=${peerOf(i)}`).join(',');
  return Promise.all(
    Array.from({ length: count }, (_, i) => startMember(i, ports[i * 2] as number, peerOf(i), cluster)),
  );
}

function startMember(index: number, port: number, peer: string, cluster: string): Promise<EtcdProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'kuorum-etcd-'));
  const url = `http://127.0.0.1:${port}`;
  const flags = {
    name: `m${index}`,
    'data-dir': folder,
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': cluster,
    'log-level': 'info',
    logger: 'zap',
  };
  const child = spawn(
    program,
    Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const exited = new Promise<void>((done) => child.once('exit', () => done()));
  const member: EtcdProcess = {
    url,
    kill: (signal) => void child.kill(signal),
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return new Promise((resolve, reject) => {
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => {
      if (output.length < 100_000) output += chunk.toString();
      if (/ready to serve client requests|serving client traffic/.test(output)) resolve(member);
    });
    void exited.then(() => reject(new Error(`etcd ended: ${output.slice(-500)}`)));
  });
}
