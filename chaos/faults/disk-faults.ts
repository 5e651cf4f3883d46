import { NotNowError, victimOf } from './injector.ts';
import type { Inject, Injected, Strike } from './injector.ts';

/** it has eight seconds for ending in good order */
const diskPatienceMs = 12_000;

const arm = async ({ cluster }: Strike, victim: string, point: string, terms: string | undefined): Promise<void> => {
  try {
    await cluster.faultPoint(victim, point, terms);
  } catch (error) {
    throw new NotNowError(error instanceof Error ? error.message : String(error));
  }
};

/** Every sync of the log takes so long; it goes back to normal by itself if the process is started anew. */
export const slowDisk: Inject = async (strike) => {
  const victim = victimOf(strike);
  const ms = 100 + Math.round(strike.planned.strength * 900);
  await arm(strike, victim, 'walBeforeSync', `sleep(${ms})`);
  return {
    detail: `fdatasync takes ${ms} ms`,
    heal: async () => {
      await arm(strike, victim, 'walBeforeSync', undefined).catch(() => {});
      return undefined;
    },
  };
};

/** The disk refuses one write. A member must not go on as if nothing had been: its process ends, and says why. */
const refusing =
  (code: string, expected: RegExp): Inject =>
  async (strike): Promise<Injected> => {
    const { cluster, planned } = strike;
    const victim = victimOf(strike);
    const point = planned.strength < 0.5 ? 'raftBeforeSave' : 'walBeforeSync';
    cluster.expectEnd(victim);
    await arm(strike, victim, point, `return("${code}")`);
    const ended = await cluster.ended(victim, diskPatienceMs);
    const words = cluster.lastWords(victim, 20);
    return {
      detail: `${code} at ${point}`,
      heal: async () => {
        if (!ended) {
          // nothing was written meanwhile (a follower that is cut off, ...)
          await arm(strike, victim, point, undefined).catch(() => {});
          if (!cluster.isRunning(victim)) cluster.start(victim);
          else cluster.forgiveEnd(victim);
          return undefined;
        }
        cluster.start(victim);
        return expected.test(words) ? undefined : `${victim} ended without saying that its disk failed: ${words}`;
      },
    };
  };

export const failingDisk = refusing('EIO', /input\/output error|EIO/);
export const fullDisk = refusing('ENOSPC', /no space left on device|ENOSPC/);

const crashPoints = ['raftBeforeSave', 'raftAfterSave', 'walBeforeSync', 'walAfterSync', 'beforeCommit', 'afterCommit'];

/** It dies where durability matters: before or after a write to the log or the database, or its sync. */
export const crashAt: Inject = async (strike) => {
  const { cluster, planned } = strike;
  const victim = victimOf(strike);
  const point = crashPoints[Math.floor(planned.strength * crashPoints.length)]!;
  cluster.expectEnd(victim);
  await arm(strike, victim, point, 'panic');
  const ended = await cluster.ended(victim, diskPatienceMs);
  return {
    detail: point,
    heal: async () => {
      if (!ended) await cluster.kill(victim);
      cluster.start(victim);
      return undefined;
    },
  };
};
