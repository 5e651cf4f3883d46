import { rmSync } from 'node:fs';
import { messageOf } from '../../base/message-of.ts';
import { NotNowError, victimOf } from './injector.ts';
import type { Inject } from './injector.ts';

export const kill: Inject = async (strike) => {
  const { cluster } = strike;
  const victim = victimOf(strike);
  await cluster.kill(victim);
  return {
    detail: 'SIGKILL',
    heal: async () => {
      cluster.start(victim);
      return undefined;
    },
  };
};

export const stop: Inject = async (strike) => {
  const { cluster } = strike;
  const victim = victimOf(strike);
  await cluster.stop(victim);
  return {
    detail: 'SIGTERM',
    heal: async () => {
      cluster.start(victim);
      return undefined;
    },
  };
};

export const pause: Inject = async (strike) => {
  const { cluster } = strike;
  const victim = victimOf(strike);
  if (!cluster.isRunning(victim)) throw new NotNowError(`${victim} is not running`);
  cluster.pause(victim);
  return {
    detail: 'SIGSTOP',
    heal: async () => {
      cluster.resume(victim);
      return undefined;
    },
  };
};

export const restartAll: Inject = async ({ cluster }) => {
  await Promise.all(cluster.names.map((name) => cluster.kill(name)));
  return {
    detail: 'SIGKILL to all',
    heal: async () => {
      for (const name of cluster.names) cluster.start(name);
      return undefined;
    },
  };
};

/** Its disk is gone with all that it had acknowledged, so that it must not come back as the member that it was. */
export const replace: Inject = async (strike) => {
  const { cluster } = strike;
  const victim = victimOf(strike);
  await cluster.kill(victim);
  rmSync(cluster.place(victim).dir, { recursive: true, force: true });
  return {
    detail: 'SIGKILL, disk lost, a new member',
    heal: async () => {
      try {
        await cluster.replace(victim);
        return undefined;
      } catch (error) {
        return `${victim} could not be replaced: ${messageOf(error)}`;
      }
    },
  };
};

const clockShiftsMs = [-3_600_000, 3_600_000, -10_000, 10_000, -1500, 1500, -86_400_000, 86_400_000];

export const jumpClock: Inject = async (strike) => {
  const { cluster, planned } = strike;
  const victim = victimOf(strike);
  const shiftMs = clockShiftsMs[Math.floor(planned.strength * clockShiftsMs.length)]!;
  cluster.shiftClock(victim, shiftMs);
  return {
    detail: `clock ${shiftMs > 0 ? '+' : ''}${shiftMs / 1000} s`,
    heal: async () => {
      cluster.shiftClock(victim, 0);
      return undefined;
    },
  };
};
