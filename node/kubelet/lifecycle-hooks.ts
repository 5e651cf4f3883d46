import type { LifecycleHandler } from '../../api/types/core-v1.ts';
import { sleep } from '../../base/clock.ts';
import type { Clock } from '../../base/clock.ts';
import { GrpcError, grpcCode } from '../../grpc/server.ts';
import type { CriClient } from '../cri/client.ts';
import { realProbeRunner } from './probe-runner.ts';
import type { ProbeTarget } from './probe-runner.ts';

const hookTimeoutSeconds = 120;

/** Runs a postStart or preStop hook; the text says why it failed. A runtime that simulates has no exec: skipped. */
export async function runHook(
  hook: LifecycleHandler,
  target: ProbeTarget,
  cri: CriClient,
  clock: Clock,
): Promise<string | undefined> {
  if (hook.sleep) {
    await sleep(hook.sleep.seconds * 1000, clock);
    return undefined;
  }
  if (hook.exec) {
    try {
      const request = { containerId: target.containerId, cmd: hook.exec.command ?? [], timeout: hookTimeoutSeconds };
      const { exitCode, stderr } = await cri.call('ExecSync', request);
      return exitCode === 0 ? undefined : `exited with ${exitCode}: ${Buffer.from(stderr).toString()}`;
    } catch (error) {
      if (error instanceof GrpcError && error.code === grpcCode.unimplemented) return undefined;
      return error instanceof Error ? error.message : String(error);
    }
  }
  if (!hook.httpGet) return undefined;
  const probe = { httpGet: hook.httpGet, timeoutSeconds: hookTimeoutSeconds };
  const outcome = await realProbeRunner(cri)(probe, target, 'liveness');
  return outcome.success ? undefined : outcome.output;
}
