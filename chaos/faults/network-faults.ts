import type { LinkMode } from '../cluster/link-proxy.ts';
import { othersThan, victimOf } from './injector.ts';
import type { Inject, Strike } from './injector.ts';

type Link = readonly [from: string, to: string];

const across = (a: readonly string[], b: readonly string[]): Link[] =>
  a.flatMap((from) => b.map((to): Link => [from, to]));
const bothWays = (a: readonly string[], b: readonly string[]): Link[] => [...across(a, b), ...across(b, a)];

/** The links of `which` behave as `mode` says until it is healed. */
const onLinks =
  (which: (strike: Strike) => Link[], mode: LinkMode, delayMsOf: (strength: number) => number = () => 0): Inject =>
  async (strike) => {
    const { network } = strike.cluster;
    const links = which(strike);
    const delayMs = delayMsOf(strike.planned.strength);
    for (const [from, to] of links) network.set(from, to, mode, delayMs);
    return {
      detail: delayMs > 0 ? `${mode} ${delayMs} ms` : mode,
      heal: async () => {
        for (const [from, to] of links) network.set(from, to, 'pass');
        return undefined;
      },
    };
  };

const others = ({ cluster, victims }: Strike): string[] => othersThan(cluster, victims);
const oneOther = (strike: Strike): string => {
  const candidates = others(strike);
  return candidates[Math.floor(strike.planned.strength * candidates.length)] ?? victimOf(strike);
};

export const partition = onLinks((strike) => bothWays(strike.victims, others(strike)), 'drop');
export const deaf = onLinks((strike) => across(others(strike), strike.victims), 'drop');
export const mute = onLinks((strike) => across(strike.victims, others(strike)), 'drop');
export const noLink = onLinks((strike) => bothWays([victimOf(strike)], [oneOther(strike)]), 'drop');
export const slowLink = onLinks(
  (strike) => bothWays(strike.victims, others(strike)),
  'delay',
  (strength) => 20 + Math.round(strength * 380),
);
export const resetLinks = onLinks((strike) => bothWays(strike.victims, others(strike)), 'reset');
