import { pino } from 'pino';
import type { Level } from 'pino';

/** What a part may do with a log: structured fields first, then the message, as pino. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(bindings: Record<string, unknown>): Log;
}

const streams: Readonly<Record<string, number>> = { default: 2, stderr: 2, stdout: 1 };

/** JSON lines on each of `outputs`: stderr (the default), stdout, or files that are appended to. */
export function createLog(component: string, level = 'info', outputs: readonly string[] = ['stderr']): Log {
  const targets = outputs.map((name) => pino.destination({ dest: streams[name] ?? name, append: true, sync: false }));
  return pino(
    { level, base: { component }, timestamp: pino.stdTimeFunctions.isoTime, messageKey: 'msg' },
    targets.length === 1 ? targets[0]! : pino.multistream(targets.map((stream) => ({ stream, level: level as Level }))),
  );
}

export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
};
