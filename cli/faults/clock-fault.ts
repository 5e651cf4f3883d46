import { readFileSync } from 'node:fs';
import { shiftWallClock } from '../../base/wall-clock-shift.ts';

/**
 * For tests: where `KUORUM_CLOCK_SHIFT_FILE` names a file, this process reads at its start and at each SIGUSR2 how many
 * milliseconds its wall clock shall be off.
 */
export function installClockFault(): void {
  const file = process.env['KUORUM_CLOCK_SHIFT_FILE'];
  if (file === undefined || file === '') return;
  const shift = (): void => {
    try {
      shiftWallClock(Number(readFileSync(file, 'utf8')) || 0);
    } catch {
      shiftWallClock(0); // no file: no shift
    }
  };
  process.on('SIGUSR2', shift);
  shift();
}
