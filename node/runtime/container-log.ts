import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/** `2026-01-02T03:04:05.678000000Z stdout F text`, the line format that CRI prescribes. */
export const criLogLine = (rfc3339: string, stream: 'stdout' | 'stderr', text: string): string =>
  `${rfc3339} ${stream} F ${text}\n`;

/** Creates the file and its folder where they are missing. */
export async function appendLog(path: string, lines: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await appendFile(path, lines, { mode: 0o640 });
}
