import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { serveGrpcJs } from '../../grpc/grpc-js-server.ts';
import { criServices } from './cri-services.ts';
import { EmbeddedRuntime } from './embedded-runtime.ts';

export interface EmbeddedRuntimeServerOptions {
  /** holds the socket and the state */
  readonly dataDir: string;
  readonly podCidr?: string;
  readonly clock?: Clock;
  readonly log: Log;
}

export interface EmbeddedRuntimeServer {
  /** `unix:///…/runtime.sock` */
  readonly endpoint: string;
  /** containers go on when it is started again with the same folder */
  close(): Promise<void>;
}

/** the kernel's bound on a unix socket's path (sun_path), less its ending zero */
const socketPathBytesMax = 107;

/** In the data folder; a folder with a long name gets a short one under /tmp, the same at each start. */
function socketPathFor(dataDir: string): string {
  const path = join(dataDir, 'runtime.sock');
  if (Buffer.byteLength(path) <= socketPathBytesMax) return path;
  return join(tmpdir(), `kuorum-${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}.sock`);
}

/** Serves CRI v1 on a unix socket for containers that it simulates. */
export async function startEmbeddedRuntime(options: EmbeddedRuntimeServerOptions): Promise<EmbeddedRuntimeServer> {
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const socketPath = socketPathFor(options.dataDir);
  const runtime = await EmbeddedRuntime.open({
    statePath: join(options.dataDir, 'runtime-state.json'),
    podCidr: options.podCidr,
    clock: options.clock ?? systemClock,
    log: options.log,
  });
  await rm(socketPath, { force: true }); // left by a process that was killed
  const endpoint = `unix://${socketPath}`;
  const server = await serveGrpcJs({
    urls: [endpoint],
    methods: criServices(runtime),
    maxRequestBytes: 16 * 1024 * 1024,
  });
  return {
    endpoint,
    async close() {
      await server.close();
      await runtime.close();
      await rm(socketPath, { force: true });
    },
  };
}
