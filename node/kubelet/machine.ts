import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { arch, cpus, hostname, machine, release, totalmem, type } from 'node:os';
import { createHash } from 'node:crypto';

/** What is known of the machine a node runs on. */
export interface Machine {
  readonly hostname: string;
  /** as Go names it: amd64, arm64 */
  readonly architecture: string;
  readonly operatingSystem: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  readonly machineId: string;
  readonly bootId: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

const goArchitectures: Record<string, string> = { x64: 'amd64', ia32: '386', arm64: 'arm64', arm: 'arm' };

function firstLine(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

/** A stable id where the machine has none of its own. */
const derivedId = (): string => createHash('sha256').update(`${hostname()} ${machine()}`).digest('hex').slice(0, 32);

function osImage(): string {
  const text = firstLine('/etc/os-release') ?? '';
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? type();
}

export async function readMachine(dataDir: string): Promise<Machine> {
  const disk = await statfs(dataDir);
  return {
    hostname: hostname().toLowerCase(),
    architecture: goArchitectures[arch()] ?? arch(),
    operatingSystem: type().toLowerCase(),
    kernelVersion: release(),
    osImage: osImage(),
    machineId: firstLine('/etc/machine-id') ?? derivedId(),
    bootId: firstLine('/proc/sys/kernel/random/boot_id') ?? derivedId(),
    cpus: cpus().length,
    memoryBytes: totalmem(),
    diskBytes: disk.bsize * disk.blocks,
  };
}
