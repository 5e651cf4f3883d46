import type { Log } from '../../base/log.ts';

interface Notes {
  note(who: string, what: () => string): void;
}

/** What the product logs, as lines of the trace. */
export function traceLog(world: Notes, who: string, bindings: object = {}): Log {
  const write = (level: string) => (fields: object, message: string) =>
    world.note(who, () => `${level} ${message} ${textOf({ ...bindings, ...fields })}`);
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (more) => traceLog(world, who, { ...bindings, ...more }),
  };
}

const textOf = (fields: object): string =>
  JSON.stringify(fields, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value instanceof Error ? value.message : value,
  );
