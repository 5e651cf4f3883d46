import type { FaultName } from '../scenario/fault-kinds.ts';
import { flippedLog, flippedSnapshot, tornLog } from './corruption-faults.ts';
import { crashAt, failingDisk, fullDisk, slowDisk } from './disk-faults.ts';
import type { Inject } from './injector.ts';
import { deaf, mute, noLink, partition, resetLinks, slowLink } from './network-faults.ts';
import { jumpClock, kill, pause, replace, restartAll, stop } from './process-faults.ts';

export const injectors: Readonly<Record<FaultName, Inject>> = {
  kill,
  stop,
  pause,
  'restart-all': restartAll,
  replace,
  partition,
  split: partition,
  deaf,
  mute,
  'no-link': noLink,
  'slow-link': slowLink,
  'reset-links': resetLinks,
  'slow-disk': slowDisk,
  'failing-disk': failingDisk,
  'full-disk': fullDisk,
  'crash-at': crashAt,
  'clock-jump': jumpClock,
  'torn-log': tornLog,
  'flipped-log': flippedLog,
  'flipped-snapshot': flippedSnapshot,
};
