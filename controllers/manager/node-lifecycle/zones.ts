import type { Node } from '../../../api/types/core-v1.ts';
import { isEvicting, readyStatus } from './plan.ts';

/** kube-controller-manager's --unhealthy-zone-threshold, --large-cluster-size-threshold, --secondary-node-eviction-rate. */
const unhealthyShare = 0.55;
const largeZoneNodes = 50;
const secondaryRate = 0.01;

/** One node's worth of permission at most. */
export interface ZoneBudget {
  readonly tokens: number;
  readonly atMs: number;
}

export interface EvictionInput {
  readonly nodes: readonly Node[];
  readonly budgets: ReadonlyMap<string, ZoneBudget>;
  readonly nowMs: number;
  /** nodes a second */
  readonly rate: number;
}

export interface EvictionPlan {
  /** names of the nodes that may have (or keep) the taint that drives pods away */
  readonly mayEvict: Set<string>;
  readonly budgets: Map<string, ZoneBudget>;
}

export function zoneOf(node: Node): string {
  const labels = node.metadata?.labels ?? {};
  return `${labels['topology.kubernetes.io/region'] ?? ''}:${labels['topology.kubernetes.io/zone'] ?? ''}`;
}

type ZoneState = 'normal' | 'partial' | 'full';

export function zoneState(nodes: readonly Node[]): ZoneState {
  const bad = nodes.filter((node) => readyStatus(node) !== 'True').length;
  if (bad > 0 && bad === nodes.length) return 'full';
  return bad > 2 && bad / nodes.length >= unhealthyShare ? 'partial' : 'normal';
}

const rateOf = (state: ZoneState, nodes: number, rate: number): number =>
  state !== 'partial' ? rate : nodes > largeZoneNodes ? secondaryRate : 0;

/**
 * Evictions are slow, slower in a zone where much is broken, and stop where all nodes of all zones look dead at once: then it is
 * more likely that this controller cannot see than that everything died.
 */
export function planEvictions(input: EvictionInput): EvictionPlan {
  const zones = new Map<string, Node[]>();
  for (const node of input.nodes) zones.set(zoneOf(node), [...(zones.get(zoneOf(node)) ?? []), node]);
  const plan: EvictionPlan = { mayEvict: new Set(), budgets: new Map() };
  const isBlackout = zones.size > 0 && [...zones.values()].every((nodes) => zoneState(nodes) === 'full');
  for (const [zone, nodes] of zones) {
    const rate = rateOf(zoneState(nodes), nodes.length, input.rate);
    const before = input.budgets.get(zone) ?? { tokens: 1, atMs: input.nowMs };
    let tokens = Math.min(1, before.tokens + ((input.nowMs - before.atMs) / 1000) * rate);
    for (const node of isBlackout ? [] : nodes) {
      if (readyStatus(node) === 'True') continue;
      if (!isEvicting(node)) {
        if (tokens < 1 || rate === 0) continue;
        tokens -= 1;
      }
      plan.mayEvict.add(node.metadata?.name ?? '');
    }
    plan.budgets.set(zone, { tokens, atMs: input.nowMs });
  }
  return plan;
}
