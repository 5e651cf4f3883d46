import { median } from './summary.ts';
import { higherIsBetter, verdict } from './goals.ts';
import type { Figures } from './workloads.ts';

/** One measured figure of both, medians over the rounds. */
export interface Row {
  readonly workload: string;
  readonly figure: string;
  readonly kuorum: number;
  readonly etcd: number;
  /** ours divided by etcd's */
  readonly ratio: number;
  readonly goal: '' | 'met' | 'missed';
}

const rounded = (value: number): number => Number(value.toPrecision(value >= 1000 ? 5 : 3));

/** Figures as they come in, round for round. */
export class Results {
  readonly rounds: Record<string, Record<string, { kuorum: number[]; etcd: number[] }>> = {};

  add(workload: string, target: 'kuorum' | 'etcd', figures: Figures): void {
    const of = (this.rounds[workload] ??= {});
    for (const [figure, value] of Object.entries(figures)) {
      (of[figure] ??= { kuorum: [], etcd: [] })[target].push(rounded(value));
    }
  }

  rows(): Row[] {
    return Object.entries(this.rounds).flatMap(([workload, figures]) =>
      Object.entries(figures).map(([figure, values]): Row => {
        const [kuorum, etcd] = [median(values.kuorum), median(values.etcd)];
        const ratio = Number((kuorum / etcd).toFixed(2));
        return { workload, figure, kuorum, etcd, ratio, goal: verdict(workload, figure, ratio) };
      }),
    );
  }
}

/** For people: one line a figure; `better` says who is ahead, and by how much. */
export function printTable(rows: readonly Row[]): void {
  console.table(
    rows.map(({ workload, figure, kuorum, etcd, ratio, goal }) => {
      const ahead = higherIsBetter(figure) ? ratio : 1 / ratio;
      const better = ahead >= 1 ? `kuorum ${ahead.toFixed(2)} x` : `etcd ${(1 / ahead).toFixed(2)} x`;
      return { workload, figure, kuorum, etcd, ratio, better, goal };
    }),
  );
}
