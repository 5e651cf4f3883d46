import { join, resolve } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { messageOf } from '../../client/api-errors.ts';
import { createCriClient } from '../cri/client.ts';
import type { CriClient } from '../cri/client.ts';
import { runtimeName as embeddedRuntimeName } from '../runtime/cri-services.ts';
import { startEmbeddedRuntime } from '../runtime/server.ts';

export type RuntimeEndpoint = 'embedded' | `unix://${string}`;

export interface RuntimeConnection {
  readonly cri: CriClient;
  /** its containers are simulated */
  readonly isEmbedded: boolean;
  readonly name: string;
  /** `containerd://1.6.20` */
  readonly version: string;
  close(): Promise<void>;
}

export interface RuntimeConnectionOptions {
  readonly runtimeEndpoint: RuntimeEndpoint;
  readonly dataDir: string;
  readonly podCidr?: string;
  readonly clock: Clock;
  readonly log: Log;
}

const versionTimeoutMs = 5000;

/** Starts the embedded runtime where it is asked for, and connects. */
export async function connectRuntime(options: RuntimeConnectionOptions): Promise<RuntimeConnection> {
  const { runtimeEndpoint, podCidr, clock, log } = options;
  const dataDir = join(resolve(options.dataDir), 'runtime');
  const embedded =
    runtimeEndpoint === 'embedded' ? await startEmbeddedRuntime({ dataDir, podCidr, clock, log }) : undefined;
  const endpoint = embedded?.endpoint ?? runtimeEndpoint;
  const cri = createCriClient(endpoint);
  const close = async (): Promise<void> => {
    cri.close();
    await embedded?.close();
  };
  try {
    const { runtimeName, runtimeVersion } = await cri.call('Version', {}, { timeoutMs: versionTimeoutMs });
    return {
      cri,
      isEmbedded: runtimeName === embeddedRuntimeName,
      name: runtimeName,
      version: `${runtimeName}://${runtimeVersion.replace(/^v/, '')}`,
      close,
    };
  } catch (error) {
    await close();
    throw new Error(`cannot reach a CRI v1 runtime at ${endpoint}: ${messageOf(error)}`, { cause: error });
  }
}
