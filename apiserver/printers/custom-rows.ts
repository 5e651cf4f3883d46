/** Rows of custom resources: each column says by a JSONPath what it shows. */
import { findByJsonPath, parseJsonPath, printedValue, type JsonPath } from '../../api/crd/json-path.ts';
import type { ResourceColumn } from '../../api/schema/resources.ts';
import type { KubeObject, ResourceInfo } from '../pipeline.ts';
import { nameOf } from './cell-text.ts';
import { since } from './human-duration.ts';
import type { Cell, RowFormat } from './row-printer.ts';

function cellOf(value: unknown, type: string, nowMs: number): Cell {
  if (type === 'string')
    return typeof value === 'object' && value !== null ? JSON.stringify(value) : printedValue(value);
  if (value === null || value === undefined) return null;
  if (type === 'integer') return typeof value === 'number' ? Math.trunc(value) : null;
  if (type === 'number') return typeof value === 'number' ? value : null;
  if (type === 'boolean') return typeof value === 'boolean' ? value : null;
  if (type !== 'date' || typeof value !== 'string') return null;
  return Number.isNaN(Date.parse(value)) ? '<invalid>' : since(value, nowMs);
}

/** The columns after the name. */
export function customRows({ columns }: ResourceInfo): RowFormat {
  const paths = columns
    .slice(1)
    .map((column): [ResourceColumn, JsonPath | undefined] => [column, parseJsonPath(column.jsonPath ?? '')]);
  return {
    cells: (object: KubeObject, nowMs) => [
      nameOf(object),
      ...paths.map(([{ type }, path]): Cell => {
        const [found] = path === undefined ? [] : findByJsonPath(object, path);
        return found === undefined ? null : cellOf(found, type, nowMs);
      }),
    ],
  };
}
