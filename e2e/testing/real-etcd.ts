import { spawn } from 'node:child_process';
import { flagsOf } from './etcd-process.ts';
import { findPeer, lacking } from './peers.ts';
import { freePort } from './ports.ts';

/** Programs of one release of etcd. */
export interface EtcdRelease {
  readonly name: string;
  readonly etcd: string;
  readonly etcdctl: string;
  /** has `snapshot status` and `snapshot restore` */
  readonly offline: string;
  /** why a test of it is skipped; false: it is there */
  readonly skip: string | false;
}

function releaseOf(name: string, etcd: string, etcdctl: string, offline: string): EtcdRelease {
  const path = (program: string): string => findPeer(program) ?? program;
  return {
    name,
    etcd: path(etcd),
    etcdctl: path(etcdctl),
    offline: path(offline),
    skip: lacking(etcd, etcdctl, offline),
  };
}

/** The system's, and current ones where they were built (`npm run peers`). */
export const etcdReleases: readonly EtcdRelease[] = [
  releaseOf("the system's etcd", 'etcd', 'etcdctl', 'etcdctl'),
  ...['3.6', '3.7'].map((line) => releaseOf(`etcd ${line}`, `etcd-${line}`, `etcdctl-${line}`, `etcdutl-${line}`)),
];

export interface RealEtcd {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a member alone on what is in `dataDir`; its name and peer URL are those that the directory was made for. */
export async function startRealEtcd(
  { etcd }: EtcdRelease,
  dataDir: string,
  name: string,
  peerUrl: string,
): Promise<RealEtcd> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const flags = flagsOf({ name, url, peerUrl, dataDir }, `${name}=${peerUrl}`);
  const child = spawn(etcd, flags, { stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-100_000)));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  const ready = new Promise<void>((resolve, reject) => {
    child.stderr.on('data', () => {
      if (/ready to serve client requests/.test(output)) resolve();
    });
    void ended.then(() => reject(new Error(`${etcd} ended: ${output.slice(-2000)}`)));
  });
  await ready.catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { url, stop };
}
