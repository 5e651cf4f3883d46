import type { Log } from '../../base/log.ts';
import { systemClock } from '../../base/clock.ts';
import { messageOf } from '../cli-error.ts';

/** What a component's process has started, in order of its start. */
export interface Part {
  readonly name: string;
  stop(): Promise<void>;
  /** resolves with the error that ended the part: the process then ends with exit code 1 */
  readonly failed?: Promise<Error>;
}

const stopGraceMs = 8000;
/** What has failed can answer nothing any more, and what else this process serves only keeps its clients waiting. */
const failureGraceMs = 500;

async function stopAll(parts: readonly Part[], log: Log): Promise<void> {
  for (const part of [...parts].reverse()) {
    try {
      await part.stop();
    } catch (error) {
      log.warn({ part: part.name, error: messageOf(error) }, 'did not stop cleanly');
    }
  }
}

/**
 * Lives until SIGTERM or SIGINT (then stops the parts, newest first) or until a part fails. `moreMs`: what stopping may
 * take beyond the usual.
 */
export async function liveUntilSignal(parts: readonly Part[], log: Log, moreMs = 0): Promise<void> {
  const signalled = new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(name, () => resolve(name));
  });
  const failures = parts.flatMap((part) =>
    part.failed ? [part.failed.then((error) => ({ part: part.name, error }))] : [],
  );
  const end = await Promise.race([signalled, ...failures]);
  if (typeof end === 'string') log.info({ signal: end }, 'stopping');
  else log.error({ part: end.part, error: end.error.message }, `${end.part} failed: ${end.error.message}`);
  const failed = typeof end !== 'string';
  systemClock.after(failed ? failureGraceMs : stopGraceMs + moreMs, () => process.exit(failed ? 1 : 0));
  await stopAll(parts, log);
  process.exit(failed ? 1 : 0);
}

/** Faults that no part handled: told, and fatal, for the state after them is unknown. */
export function dieLoudly(log: Log): void {
  process.on('uncaughtException', (error) => {
    log.error({ error: error.stack ?? error.message }, 'uncaught exception');
    systemClock.after(100, () => process.exit(1));
  });
  process.on('unhandledRejection', (reason) => {
    log.error({ error: reason instanceof Error ? reason.stack : String(reason) }, 'unhandled rejection');
    systemClock.after(100, () => process.exit(1));
  });
}
