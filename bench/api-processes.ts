import type { ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sleep, systemClock } from '../base/clock.ts';
import { freePort } from '../e2e/testing/ports.ts';
import { CertificateFolder } from '../e2e/testing/store-certificates.ts';
import { ApiConnection } from './api-connection.ts';
import { cpuSeconds, residentBytes } from './process-usage.ts';
import { StoreProcesses } from './store-processes.ts';
import type { Peer } from './store-processes.ts';

/** h2load can show no certificate: who asks is known by a token, at both servers */
export const token = 'bench-token';
const startTimeoutMs = 120_000;
const pollMs = 10;
const members = 3;
const kuorum = fileURLToPath(new URL('../bin/kuorum.mjs', import.meta.url));

export interface Programs {
  readonly apiserver: string;
  readonly etcd: string;
}

export interface ApiServerProcess {
  readonly url: string;
  readonly process: ChildProcess;
  /** from the start of the process to 200 of /readyz */
  readonly readySeconds: number;
}

/** What both servers are told alike; the rest is as it is by itself. */
async function writeFlags(folder: string, etcdServers: readonly string[]): Promise<string[]> {
  const pki = await CertificateFolder.create(join(folder, 'pki'), 'bench-ca');
  const names = ['127.0.0.1', 'localhost', '10.0.0.1'];
  await pki.issue('apiserver', { commonName: 'kube-apiserver', names, usages: ['server'] });
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  writeFileSync(pki.path('sa.key'), privateKey, { mode: 0o600 });
  writeFileSync(pki.path('sa.pub'), publicKey);
  writeFileSync(pki.path('tokens.csv'), `${token},bench,bench,"system:masters"\n`, { mode: 0o600 });
  return [
    `--etcd-servers=${etcdServers.join(',')}`,
    '--bind-address=127.0.0.1',
    `--tls-cert-file=${pki.path('apiserver.crt')}`,
    `--tls-private-key-file=${pki.path('apiserver.key')}`,
    `--client-ca-file=${pki.path('ca.crt')}`,
    `--token-auth-file=${pki.path('tokens.csv')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-signing-key-file=${pki.path('sa.key')}`,
    `--service-account-key-file=${pki.path('sa.pub')}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    '--authorization-mode=Node,RBAC',
  ];
}

/** API servers on a store of three members, each a process of its own: all of it ours, or all of it real. */
export class ApiProcesses {
  readonly store: StoreProcesses;
  readonly servers: ApiServerProcess[] = [];
  readonly #flags: readonly string[];
  readonly #apiserver: string;

  private constructor(store: StoreProcesses, flags: readonly string[], apiserver: string) {
    this.store = store;
    this.#flags = flags;
    this.#apiserver = apiserver;
  }

  /** With its first API server, ready, on an empty store. */
  static async start(peer: Peer, { apiserver, etcd }: Programs): Promise<ApiProcesses> {
    const store = await StoreProcesses.start(peer, members, {}, etcd);
    try {
      const leader = await store.healthy();
      // an API server of ours begins with the first that it is told
      const urls = [leader, ...store.members.filter((member) => member !== leader)].map(({ clientUrl }) => clientUrl);
      const group = new ApiProcesses(store, await writeFlags(store.folder, urls), apiserver);
      await group.addServer();
      return group;
    } catch (error) {
      await store.stop(true);
      throw error;
    }
  }

  get side(): 'kuorum' | 'real' {
    return this.store.peer === 'kuorum' ? 'kuorum' : 'real';
  }

  get url(): string {
    return this.servers[0]!.url;
  }

  async addServer(): Promise<ApiServerProcess> {
    const port = await freePort();
    const own = join(this.store.folder, `apiserver-${port}`);
    const flags = [...this.#flags, `--secure-port=${port}`, `--cert-dir=${own}`];
    const startMs = systemClock.monotonicMs();
    const process =
      this.side === 'kuorum'
        ? this.store.spawn(globalThis.process.execPath, [kuorum, 'apiserver', ...flags], `${own}.log`)
        : this.store.spawn(
            this.#apiserver,
            // nobody keeps the endpoints of the service `kubernetes`, which may not be loopback addresses
            [...flags, '--advertise-address=192.0.2.1', '--endpoint-reconciler-type=none'],
            `${own}.log`,
          );
    const url = `https://127.0.0.1:${port}`;
    try {
      await untilReady(url, process, startMs);
    } catch (error) {
      process.kill('SIGKILL');
      throw error;
    }
    const server = { url, process, readySeconds: (systemClock.monotonicMs() - startMs) / 1000 };
    this.servers.push(server);
    return server;
  }

  async removeServer(server: ApiServerProcess): Promise<void> {
    this.servers.splice(this.servers.indexOf(server), 1);
    const { process } = server;
    if (process.exitCode !== null || process.signalCode !== null) return;
    const exit = once(process, 'exit');
    process.kill('SIGKILL');
    await exit;
  }

  #pids(): number[] {
    return [...this.store.members, ...this.servers].map(({ process }) => process.pid!);
  }

  /** of the store and the API servers together, since they began */
  cpuSeconds(): number {
    return this.#pids().reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  }

  residentMB(): number {
    return this.#pids().reduce((sum, pid) => sum + residentBytes(pid), 0) / 1e6;
  }

  async stop(): Promise<void> {
    while (this.servers.length > 0) await this.removeServer(this.servers[0]!);
    await this.store.stop();
  }
}

async function untilReady(url: string, process: ChildProcess, startMs: number): Promise<void> {
  while (systemClock.monotonicMs() - startMs < startTimeoutMs) {
    if (process.exitCode !== null) throw new Error(`the API server ended with ${process.exitCode}`);
    const connection = new ApiConnection(url, token);
    try {
      const { status } = await connection.request('GET', '/readyz');
      if (status === 200) return;
    } catch {
      // it does not listen yet
    } finally {
      connection.close();
    }
    await sleep(pollMs);
  }
  throw new Error(`${url} is not ready after ${startTimeoutMs} ms`);
}
