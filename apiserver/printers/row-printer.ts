import type { TableRowCondition } from '../../api/types/meta-v1.ts';
import type { KubeObject } from '../pipeline.ts';

export type Cell = string | number | boolean | null;

/** Turns one object into the cells of its row, one a column of the resource's facts, wide columns included. */
export type RowPrinter<T> = (object: T, nowMs: number) => Cell[];

/** What is known of a resource's rows beyond its column names. */
export interface RowFormat {
  /** makes the cells; the object is of the kind the format is registered for */
  readonly cells: RowPrinter<KubeObject>;
  readonly conditions?: (object: KubeObject) => TableRowCondition[] | undefined;
}

/** Registers a printer written for the type `T`; the registry knows which resource it belongs to. */
export const rows = <T>(
  cells: RowPrinter<T>,
  conditions?: (object: T) => TableRowCondition[] | undefined,
): RowFormat => ({
  cells: cells as unknown as RowPrinter<KubeObject>,
  ...(conditions === undefined
    ? {}
    : { conditions: conditions as unknown as (object: KubeObject) => TableRowCondition[] | undefined }),
});
