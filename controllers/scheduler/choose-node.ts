import type { Random } from '../../base/random.ts';
import { filterPlugins, scorePlugins } from './plugins/index.ts';
import type { ClusterView, FilterPlugin, NodeInfo, PodInfo, ScorePlugin } from './framework.ts';

export interface Chosen {
  readonly node: NodeInfo;
}
export interface Unschedulable {
  readonly node: undefined;
  /** Kubernetes' sentence, e.g. `0/3 nodes are available: 3 Insufficient cpu.` */
  readonly message: string;
  /** the plugins that refused a node */
  readonly plugins: ReadonlySet<string>;
}

export interface ChooseOptions {
  readonly random: Random;
  /** where among the nodes to begin, so that no node is always asked first */
  readonly startAt?: number;
  readonly filters?: readonly FilterPlugin[];
  readonly scores?: readonly ScorePlugin[];
}

const sampledMin = 100;
const sampledPercentMin = 5;

/** How many feasible nodes are enough: all of a hundred, half of a thousand, a tenth of five thousand. */
export function feasibleEnough(nodes: number): number {
  if (nodes < sampledMin) return nodes;
  const percent = Math.max(sampledPercentMin, 50 - Math.floor(nodes / 125));
  return Math.max(sampledMin, Math.floor((nodes * percent) / 100));
}

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.` */
export function unavailableMessage(nodes: number, reasons: ReadonlyMap<string, number>): string {
  if (nodes === 0) return 'no nodes available to schedule pods';
  const parts = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort();
  return `0/${nodes} nodes are available: ${parts.join(', ')}.`;
}

function feasibleNodes(pod: PodInfo, view: ClusterView, options: ChooseOptions): NodeInfo[] | Unschedulable {
  const filters = (options.filters ?? filterPlugins)
    .map((plugin) => ({ plugin, state: plugin.prepareFilter(pod, view) }))
    .filter(({ state }) => state !== undefined);
  const enough = feasibleEnough(view.nodes.length);
  const feasible: NodeInfo[] = [];
  const reasons = new Map<string, number>();
  const plugins = new Set<string>();
  for (let i = 0; i < view.nodes.length && feasible.length < enough; i++) {
    const node = view.nodes[((options.startAt ?? 0) + i) % view.nodes.length] as NodeInfo;
    let refusal: string | readonly string[] | undefined;
    for (const { plugin, state } of filters) {
      refusal = plugin.filter(state, node);
      if (refusal === undefined) continue;
      plugins.add(plugin.name);
      break;
    }
    if (refusal === undefined) feasible.push(node);
    else for (const r of typeof refusal === 'string' ? [refusal] : refusal) reasons.set(r, (reasons.get(r) ?? 0) + 1);
  }
  if (feasible.length > 0) return feasible;
  return { node: undefined, message: unavailableMessage(view.nodes.length, reasons), plugins };
}

/** Weighted sums of the plugins' scores, in the nodes' order. */
export function totalScores(
  pod: PodInfo,
  view: ClusterView,
  nodes: readonly NodeInfo[],
  plugins: readonly ScorePlugin[] = scorePlugins,
): number[] {
  const totals = nodes.map(() => 0);
  for (const plugin of plugins) {
    const state = plugin.prepareScore(pod, view, nodes);
    if (state === undefined) continue;
    const scores = nodes.map((node) => plugin.score(state, node));
    plugin.normalize?.(state, scores, nodes);
    scores.forEach((score, i) => (totals[i] = (totals[i] ?? 0) + score * plugin.weight));
  }
  return totals;
}

/** Filters, scores, and takes one of the best by chance. */
export function chooseNode(pod: PodInfo, view: ClusterView, options: ChooseOptions): Chosen | Unschedulable {
  const feasible = feasibleNodes(pod, view, options);
  if (!Array.isArray(feasible)) return feasible;
  if (feasible.length === 1) return { node: feasible[0] as NodeInfo };
  const totals = totalScores(pod, view, feasible, options.scores);
  const best = Math.max(...totals);
  const winners = feasible.filter((_, i) => totals[i] === best);
  return { node: winners[options.random.below(winners.length)] as NodeInfo };
}
