import { mkdir, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, Pod } from '../../api/types/core-v1.ts';
import type { Mount } from '../cri/types.ts';
import { hostnameOf } from './sandbox-config.ts';

const terminationMessageBytesMax = 4096;

/** The folders and files the kubelet keeps for pods, under its data folder. */
export class PodFiles {
  readonly #dataDir: string;
  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  podDir(uid: string): string {
    return join(this.#dataDir, 'pods', uid);
  }

  /** as /var/log/pods has it: namespace_name_uid */
  logDir({ metadata }: Pod): string {
    return join(this.#dataDir, 'logs', 'pods', `${metadata?.namespace}_${metadata?.name}_${metadata?.uid}`);
  }

  #messagePath(uid: string, container: string, attempt: number): string {
    return join(this.podDir(uid), 'containers', container, String(attempt));
  }

  /** /etc/hosts and the file for the termination message, as every container has them. */
  async containerMounts(pod: Pod, container: Container, attempt: number, podIp: string): Promise<Mount[]> {
    const uid = pod.metadata?.uid ?? '';
    const message = this.#messagePath(uid, container.name, attempt);
    await mkdir(join(message, '..'), { recursive: true });
    await writeFile(message, '', { mode: 0o666 });
    const mounts: Mount[] = [
      { containerPath: container.terminationMessagePath || '/dev/termination-log', hostPath: message },
    ];
    const takesHosts = container.volumeMounts?.some(({ mountPath }) => mountPath === '/etc/hosts');
    if (pod.spec?.hostNetwork || takesHosts) return mounts;
    const hosts = join(this.podDir(uid), 'etc-hosts');
    await writeFile(hosts, hostsFile(pod, podIp));
    return [...mounts, { containerPath: '/etc/hosts', hostPath: hosts }];
  }

  /** '' where the container left none */
  async terminationMessage(uid: string, container: string, attempt: number): Promise<string> {
    try {
      const file = await open(this.#messagePath(uid, container, attempt));
      try {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(terminationMessageBytesMax));
        return buffer.toString('utf8', 0, bytesRead);
      } finally {
        await file.close();
      }
    } catch {
      return '';
    }
  }

  /** subPaths are made where they are missing, as Kubernetes does */
  async makeSubPaths(mounts: readonly Mount[]): Promise<void> {
    for (const { hostPath } of mounts) {
      const found = await stat(hostPath).catch(() => undefined);
      if (!found && hostPath.startsWith(this.#dataDir)) await mkdir(hostPath, { recursive: true });
    }
  }

  async remove(uid: string, pod: Pod | undefined): Promise<void> {
    await rm(this.podDir(uid), { recursive: true, force: true });
    if (pod) await rm(this.logDir(pod), { recursive: true, force: true });
  }

  /** uids of all pods that have a folder here */
  async uids(): Promise<string[]> {
    return readdir(join(this.#dataDir, 'pods')).catch(() => []);
  }
}

function hostsFile(pod: Pod, podIp: string): string {
  const domain = pod.spec?.subdomain
    ? ` ${hostnameOf(pod)}.${pod.spec.subdomain}.${pod.metadata?.namespace}.svc.cluster.local`
    : '';
  const aliases = (pod.spec?.hostAliases ?? []).map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join('\t')}\n`);
  return (
    '# Managed by the kubelet.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n' +
    `${podIp}\t${hostnameOf(pod)}${domain}\n${aliases.join('')}`
  );
}
