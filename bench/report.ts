import { median } from './summary.ts';
import { higherIsBetter, verdict } from './goals.ts';
import type { Figures } from './workloads.ts';

/** One measured figure of both, medians over the rounds. */
export interface Row {
  readonly workload: string;
  readonly figure: string;
  readonly kuorum: number;
  /** the real program's */
  readonly real: number;
  /** ours divided by the real program's */
  readonly ratio: number;
  readonly goal: '' | 'met' | 'missed';
}

const rounded = (value: number): number => Number(value.toPrecision(value >= 1000 ? 5 : 3));

/** Figures as they come in, round for round. */
export class Results {
  readonly rounds: Record<string, Record<string, { kuorum: number[]; real: number[] }>> = {};

  add(workload: string, target: 'kuorum' | 'real', figures: Figures): void {
    const of = (this.rounds[workload] ??= {});
    for (const [figure, value] of Object.entries(figures)) {
      (of[figure] ??= { kuorum: [], real: [] })[target].push(rounded(value));
    }
  }

  rows(): Row[] {
    return Object.entries(this.rounds).flatMap(([workload, figures]) =>
      Object.entries(figures).map(([figure, values]): Row => {
        const [kuorum, real] = [median(values.kuorum), median(values.real)];
        const ratio = Number((kuorum / real).toFixed(2));
        return { workload, figure, kuorum, real, ratio, goal: verdict(workload, figure, ratio, kuorum) };
      }),
    );
  }
}

export const describe = (figures: Figures): string =>
  Object.entries(figures)
    .map(([name, value]) => `${Number(value.toPrecision(4))} ${name}`)
    .join(', ');

/** For people: one line a figure; `better` says who is ahead, and by how much. `name`: of the real program. */
export function printTable(rows: readonly Row[], name: string): void {
  console.table(
    rows.map(({ workload, figure, kuorum, real, ratio, goal }) => {
      const ahead = higherIsBetter(figure) ? ratio : 1 / ratio;
      const who = ahead >= 1 ? `kuorum ${ahead.toFixed(2)} x` : `${name} ${(1 / ahead).toFixed(2)} x`;
      // none of something at both is no ratio
      const better = Number.isFinite(ahead) ? who : '';
      return { workload, figure, kuorum, [name]: real, ratio, better, goal };
    }),
  );
}
