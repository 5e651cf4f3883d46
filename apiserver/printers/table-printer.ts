import { rfc3339 } from '../../base/clock.ts';
import { apiVersionOf } from '../../api/schema/schema.ts';
import type { ListMeta, Table, TableColumnDefinition, TableRow } from '../../api/types/meta-v1.ts';
import type { KubeObject, Printer, ResourceInfo, TableOptions } from '../pipeline.ts';
import { columnDescription } from './column-descriptions.ts';
import { customRows } from './custom-rows.ts';
import { rowFormats } from './row-formats.ts';
import type { RowFormat } from './row-printer.ts';

const genericColumns: ResourceInfo['columns'] = [
  { name: 'Name', type: 'string', format: 'name', priority: 0 },
  { name: 'Created At', type: 'date', format: '', priority: 0 },
];

/** Any kind: its name, and when it was made. */
const genericRows: RowFormat = {
  cells: ({ metadata }) => {
    const created = Date.parse(metadata?.creationTimestamp ?? '');
    return [metadata?.name ?? '', Number.isNaN(created) ? '<unknown>' : rfc3339(created)];
  },
};

interface TableFormat {
  readonly rows: RowFormat;
  readonly columns: TableColumnDefinition[];
}

const formats = new WeakMap<ResourceInfo, TableFormat>();

function makeFormat(resource: ResourceInfo): TableFormat {
  if (resource.custom !== undefined)
    return { rows: customRows(resource), columns: columnsOf(resource, resource.columns) };
  const specific =
    rowFormats[`${resource.resource}.${resource.group}`] ??
    rowFormats[`${resource.resource}.${resource.version}.${resource.group}`];
  // A printer without columns, or columns without a printer, would show cells under wrong names: then the generic ones.
  const columns = specific === undefined || resource.columns.length === 0 ? genericColumns : resource.columns;
  return {
    rows: columns === genericColumns || specific === undefined ? genericRows : specific,
    columns: columnsOf(resource, columns),
  };
}

const columnsOf = (resource: ResourceInfo, columns: ResourceInfo['columns']): TableColumnDefinition[] =>
  columns.map(({ name, type, format, priority, description }) => ({
    name,
    type,
    format,
    description: description ?? columnDescription(resource, name),
    priority,
  }));

function formatOf(resource: ResourceInfo): TableFormat {
  let format = formats.get(resource);
  if (format === undefined) {
    format = makeFormat(resource);
    formats.set(resource, format);
  }
  return format;
}

/** What the row carries beside its cells, for clients that sort, filter or act on it. */
function rowObject(object: KubeObject, resource: ResourceInfo, include: TableOptions['includeObject']): object {
  if (include === 'Metadata') {
    return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
  }
  return object.kind && object.apiVersion
    ? object
    : { ...object, kind: resource.kind, apiVersion: apiVersionOf(resource) };
}

export const tablePrinter: Printer = {
  table(resource, objects, options): Table {
    const format = formatOf(resource);
    const metadata: ListMeta = {};
    if (options.resourceVersion) metadata.resourceVersion = options.resourceVersion;
    if (options.continue) metadata.continue = options.continue;
    if (options.remainingItemCount !== undefined) metadata.remainingItemCount = options.remainingItemCount;
    const tableRows = objects.map((object): TableRow => {
      const row: TableRow = { cells: format.rows.cells(object, options.nowMs) };
      const conditions = format.rows.conditions?.(object);
      if (conditions !== undefined) row.conditions = conditions;
      if (options.includeObject !== 'None') {
        row.object = rowObject(object, resource, options.includeObject) as Record<string, unknown>;
      }
      return row;
    });
    return {
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      metadata,
      columnDefinitions: options.noHeaders ? [] : format.columns,
      rows: tableRows,
    };
  },
};
