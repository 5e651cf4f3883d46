import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kuorumProgram } from './local-cluster.ts';
import { freePorts } from './ports.ts';

/** A memory disk where there is one: what is tested here is not durability. */
const scratch = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const logBytesMax = 200_000;
const ready = /ready to serve client requests|serving client traffic/;

export interface EtcdMemberProcess {
  readonly name: string;
  readonly url: string;
  readonly peerUrl: string;
  readonly pid: number;
  /** the end of what it said */
  readonly log: () => string;
  kill(signal: NodeJS.Signals): void;
  /** resolves when the process has ended */
  readonly ended: Promise<void>;
}

export interface EtcdProcesses {
  readonly members: readonly EtcdMemberProcess[];
  readonly urls: readonly string[];
  /** kills them and deletes what they kept */
  readonly stop: () => Promise<void>;
}

export interface EtcdProcessesOptions {
  /** a real etcd's path, or `kuorum` */
  readonly program: string;
  readonly count?: number;
  readonly flags?: readonly string[];
  /** flags of TLS; URLs begin with https then */
  readonly tls?: readonly string[];
}

interface Place {
  readonly name: string;
  readonly url: string;
  readonly peerUrl: string;
  readonly dataDir: string;
}

/** The flags of one member, ours or a real one's. */
export function flagsOf({ name, url, peerUrl, dataDir }: Place, cluster: string): string[] {
  const flags = {
    name,
    'data-dir': dataDir,
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': peerUrl,
    'initial-advertise-peer-urls': peerUrl,
    'initial-cluster': cluster,
  };
  return Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
}

/** what a test says by a flag, ETCD_GRPC_SERVER (`npm run test:grpc-js`) must not say as well */
function environment(more: NodeJS.ProcessEnv, flags: readonly string[]): NodeJS.ProcessEnv {
  const { ETCD_GRPC_SERVER: grpcServer, ...others } = process.env;
  const isSaid = grpcServer === undefined || flags.some((flag) => flag.startsWith('--grpc-server='));
  return { ...others, ...(!isSaid && { ETCD_GRPC_SERVER: grpcServer }), ...more };
}

function start(place: Place, program: string, flags: readonly string[]): Promise<EtcdMemberProcess> {
  const { command, args, env } =
    program === 'kuorum' ? kuorumProgram(['etcd', ...flags]) : { command: program, args: [...flags], env: {} };
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: environment(env, flags) });
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  let log = '';
  const member: EtcdMemberProcess = {
    name: place.name,
    url: place.url,
    peerUrl: place.peerUrl,
    pid: child.pid ?? 0,
    log: () => log,
    kill: (signal) => void child.kill(signal),
    ended,
  };
  return new Promise((resolve, reject) => {
    let served = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        log = (log + text).slice(-logBytesMax);
        if (served || !ready.test(log)) return;
        served = true;
        resolve(member);
      });
    }
    child.once('error', reject);
    void ended.then(() => reject(new Error(`${program} ended: ${log.slice(-2000)}`)));
  });
}

/** Starts a cluster of one program, real etcd's or ours, by the same flags; resolves when all members serve. */
export async function startEtcd({ program, count = 1, flags = [], tls }: EtcdProcessesOptions): Promise<EtcdProcesses> {
  const folder = mkdtempSync(join(scratch, 'kuorum-etcd-'));
  const ports = await freePorts(count * 2);
  const scheme = tls === undefined ? 'http' : 'https';
  const places = Array.from({ length: count }, (_, i) => ({
    name: `m${i + 1}`,
    url: `${scheme}://127.0.0.1:${ports[i * 2]}`,
    peerUrl: `${scheme}://127.0.0.1:${ports[i * 2 + 1]}`,
    dataDir: join(folder, `m${i + 1}`),
  }));
  const cluster = places.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
  const starting = places.map((place) => start(place, program, [...flagsOf(place, cluster), ...flags, ...(tls ?? [])]));
  const started = await Promise.allSettled(starting);
  const members = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const stop = async (): Promise<void> => {
    for (const member of members) member.kill('SIGKILL');
    await Promise.all(members.map((member) => member.ended));
    rmSync(folder, { recursive: true, force: true });
  };
  const failed = started.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  return { members, urls: members.map(({ url }) => url), stop };
}
