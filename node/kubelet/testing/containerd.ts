import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { accessSync, constants } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sleep } from '../../../base/clock.ts';

const run = promisify(execFile);
const needed = ['containerd', 'ctr', 'runc', 'umoci', 'umount', 'ip'];
const cniFolder = '/usr/lib/cni';
const folders = ['/usr/bin', '/usr/sbin', '/bin', '/sbin', '/usr/local/bin', '/usr/local/sbin'];

const canRun = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** Why no containerd can be started here; undefined: one can. */
export function containerdMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  const missing = needed.filter((program) => !folders.some((folder) => canRun(join(folder, program))));
  if (!canRun('/bin/busybox')) missing.push('/bin/busybox (static)');
  if (!canRun(join(cniFolder, 'bridge'))) missing.push(`CNI plugins in ${cniFolder}`);
  return missing.length === 0 ? undefined : `not installed: ${missing.join(', ')}`;
}

export const testImage = 'kuorum.test/images:busybox';
const applets = [
  'sh',
  'sleep',
  'true',
  'false',
  'echo',
  'cat',
  'env',
  'httpd',
  'wget',
  'test',
  'trap',
  'kill',
  'mkdir',
];

/** Two images made of busybox alone, the second only sleeps, as an archive. */
async function buildImages(folder: string): Promise<string> {
  const layout = join(folder, 'oci');
  const bundle = join(folder, 'bundle');
  const image = `${layout}:busybox`;
  await run('umoci', ['init', '--layout', layout]);
  await run('umoci', ['new', '--image', image]);
  await run('umoci', ['unpack', '--image', image, bundle]);
  const bin = join(bundle, 'rootfs', 'bin');
  for (const name of ['bin', 'tmp', 'etc', 'dev', 'proc', 'sys']) await mkdir(join(bundle, 'rootfs', name));
  await cp('/bin/busybox', join(bin, 'busybox'));
  for (const applet of applets) await symlink('busybox', join(bin, applet));
  await run('umoci', ['repack', '--image', image, bundle]);
  await run('umoci', ['config', '--image', image, '--config.env', 'PATH=/bin', '--config.cmd', 'sh']);
  const pause = ['--tag', 'pause', '--config.cmd', 'sleep', '--config.cmd', '2147483647'];
  await run('umoci', ['config', '--image', image, ...pause]);
  const archive = join(folder, 'images.tar');
  await run('tar', ['-C', layout, '-cf', archive, '.']);
  return archive;
}

const configOf = (folder: string): string => `
version = 2
root = "${folder}/root"
state = "${folder}/state"
[grpc]
  address = "${folder}/containerd.sock"
[ttrpc]
  address = "${folder}/containerd.sock.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "${folder}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "kuorum.test/images:pause"
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${cniFolder}"
    conf_dir = "${folder}/cni"
`;

const networkOf = (folder: string, bridge: string, subnet: string): string =>
  JSON.stringify({
    cniVersion: '0.4.0',
    name: bridge,
    plugins: [
      {
        type: 'bridge',
        bridge,
        isGateway: true,
        ipam: { type: 'host-local', dataDir: join(folder, 'ipam'), ranges: [[{ subnet }]] },
      },
    ],
  });

export interface Containerd {
  readonly endpoint: `unix://${string}`;
  close(): Promise<void>;
}

/** Starts a containerd of its own, with its own folders and network, that has `testImage`. */
export async function startContainerd(): Promise<Containerd> {
  const folder = await mkdtemp(join(tmpdir(), 'kuorum-ctd-'));
  const socket = join(folder, 'containerd.sock');
  const bridge = `kt${process.pid}`.slice(0, 15);
  await mkdir(join(folder, 'cni'));
  await writeFile(join(folder, 'config.toml'), configOf(folder));
  await writeFile(join(folder, 'cni', '10.conflist'), networkOf(folder, bridge, `10.198.${process.pid % 250}.0/24`));
  const archive = await buildImages(folder);
  const child = spawn('containerd', ['-c', join(folder, 'config.toml')], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const ctr = (...args: string[]) => run('ctr', ['-a', socket, '-n', 'k8s.io', ...args]);
  const close = async (): Promise<void> => {
    const { stdout } = await ctr('tasks', 'ls', '-q').catch(() => ({ stdout: '' }));
    for (const id of stdout.split('\n').filter(Boolean)) await ctr('tasks', 'kill', '-s', 'KILL', id).catch(() => {});
    child.kill('SIGTERM');
    await ended;
    await endShims(socket);
    await unmountBelow(folder);
    await run('ip', ['link', 'delete', bridge]).catch(() => {});
    await rm(folder, { recursive: true, force: true });
  };
  try {
    for (let tries = 0; ; tries++) {
      const answer = await ctr('images', 'import', '--base-name', 'kuorum.test/images', archive).catch(
        (e: unknown) => e,
      );
      if (!(answer instanceof Error)) break;
      if (tries > 50) throw answer;
      await sleep(100);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { endpoint: `unix://${socket}`, close };
}

/** A shim outlives its containerd; ours are those that were started for our socket. */
async function endShims(socket: string): Promise<void> {
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const [program = '', ...args] = command.split('\0');
    if (program.endsWith('containerd-shim-runc-v2') && args.includes(socket)) process.kill(Number(pid), 'SIGKILL');
  }
}

/** Mounts that a pod which was killed left behind. */
async function unmountBelow(folder: string): Promise<void> {
  const { stdout } = await run('cat', ['/proc/self/mounts']);
  const paths = stdout
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${folder}/`));
  for (const path of paths.reverse()) await run('umount', ['-l', path]).catch(() => {});
}
