import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { RawNodeApi } from '../core/types.ts';
import type { DataDirLock } from './data-dir-lock.ts';
import type { ReachFaultPoint } from './fault-point.ts';
import type { LogWindow } from './log-window.ts';
import type { Recovered } from './recover.ts';
import type { RaftNodeOptions } from './types.ts';

/** What a member is put together from. */
export interface MemberParts {
  readonly options: RaftNodeOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly lock: DataDirLock;
  readonly recovered: Recovered;
  readonly window: LogWindow;
  readonly raw: RawNodeApi;
  readonly faultPoint?: ReachFaultPoint;
}
