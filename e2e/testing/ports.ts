import { createServer } from 'node:net';

/**
 * Ports lie below the range that the kernel gives to connections, in blocks of a hundred:
 *
 *     10 000 · front   10 010 · replica 1 (API server, store, peers)   …   10 050 · replica 5   10 060 to 10 099 · single ports
 *
 * Test files that run side by side take turns in the blocks, so that two never choose the same at once.
 */
const firstPort = 10_000;
const blockPorts = 100;
const blocks = 200;
const singleOffset = 60;
const jobs = 2;
const ownJob = Number(process.env['KUORUM_TEST_JOB'] ?? 0) % jobs;

const given = new Set<number>();

const below = (bound: number): number => Math.floor(Math.random() * bound);
const anyBlock = (): number => firstPort + blockPorts * (jobs * below(blocks / jobs) + ownJob);

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });

/** The first of the ports, all of which are free now and were not given to this test file before. */
async function choose(portsFrom: () => readonly number[]): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const ports = portsFrom();
    if (ports.some((port) => given.has(port)) || !(await Promise.all(ports.map(isFree))).every(Boolean)) continue;
    for (const port of ports) given.add(port);
    return ports[0]!;
  }
  throw new Error('no free ports');
}

/** A base port whose block for a cluster (front, three a replica) is free. */
export const freePortBlock = (replicas: number): Promise<number> =>
  choose(() => {
    const base = anyBlock();
    const ofReplica = (n: number): number[] => [base + 10 * n, base + 10 * n + 1, base + 10 * n + 2];
    return [base, ...Array.from({ length: replicas }, (_, i) => ofReplica(i + 1)).flat()];
  });

export const freePort = (): Promise<number> =>
  choose(() => [anyBlock() + singleOffset + below(blockPorts - singleOffset)]);

export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freePort());
  return ports;
}
