import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { sleep } from '../../base/clock.ts';
import { CliError } from '../cli-error.ts';
import { componentsOf } from '../cluster/layout.ts';
import { logFileOf } from '../cluster/processes.ts';
import { loadState } from '../cluster/state.ts';

const followPeriodMs = 200;

const copy = (path: string, start: number, end: number): Promise<void> =>
  pipeline(createReadStream(path, { start, end: end - 1 }), process.stdout, { end: false });

function startOfTail(path: string, lines: number): number {
  const content = readFileSync(path);
  let position = content.length;
  for (let found = 0; position > 0 && found <= lines; found++) {
    const newline = content.lastIndexOf(10, position - 1);
    if (newline < 0) return 0;
    if (found === lines) return newline + 1;
    position = newline;
  }
  return lines === 0 ? content.length : 0;
}

export async function logs(
  dataDir: string,
  component: string,
  options: { follow?: boolean; tail?: number },
): Promise<void> {
  const layout = loadState(dataDir);
  const components = componentsOf(layout);
  if (!components.includes(component)) {
    throw new CliError(`there is no component "${component}"; there are: ${components.join(', ')}`);
  }
  const path = logFileOf(layout, component);
  if (!existsSync(path)) throw new CliError(`${component} has not written a log yet (${path})`);
  let position = options.tail === undefined ? 0 : startOfTail(path, options.tail);
  for (;;) {
    const { size } = statSync(path);
    if (size < position) position = 0; // set aside and begun anew
    if (size > position) await copy(path, position, size);
    position = size;
    if (options.follow !== true) return;
    await sleep(followPeriodMs);
  }
}
