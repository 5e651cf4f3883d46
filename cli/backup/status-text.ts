import type { BackupStatus } from '../../store/etcd/backup-file.ts';

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** as Go prints: 20.5 → 20, 21.5 → 22 */
function halfToEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 && floor % 2 === 0 ? floor : Math.round(value);
}

/** 16384 → `16 kB`, 1500000 → `1.5 MB`: as etcdutl writes sizes. */
export function sizeText(bytes: number): string {
  if (bytes < 10) return `${bytes} B`;
  const power = Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = Math.floor((bytes / 1000 ** power) * 10 + 0.5) / 10;
  return `${value < 10 ? value.toFixed(1) : halfToEven(value)} ${units[power]}`;
}

const columnsOf = ({ hash, revision, totalKey, totalSize, version }: BackupStatus): [string, string][] => [
  ['hash', hash.toString(16)],
  ['revision', String(revision)],
  ['total keys', String(totalKey)],
  ['total size', sizeText(totalSize)],
  ['version', version],
];

function table(columns: readonly (readonly [string, string])[]): string {
  const widths = columns.map((cells) => Math.max(...cells.map((cell) => cell.length)));
  const rule = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+`;
  const centred = (text: string, width: number): string => {
    const left = Math.floor((width - text.length) / 2);
    return `${' '.repeat(left)}${text}`.padEnd(width);
  };
  const head = columns.map(([name], i) => ` ${centred(name.toUpperCase(), widths[i]!)} `).join('|');
  const row = columns.map(([, value], i) => ` ${value.padStart(widths[i]!)} `).join('|');
  return [rule, `|${head}|`, rule, `|${row}|`, rule].join('\n');
}

/** As `etcdutl snapshot status` prints it: simple, table or json; undefined: no such format. */
export function statusText(status: BackupStatus, format: string): string | undefined {
  const columns = columnsOf(status);
  if (format === 'simple') return columns.map(([, value]) => value).join(', ');
  if (format === 'table') return table(columns);
  if (format !== 'json') return undefined;
  const { hash, revision, totalKey, totalSize, version } = status;
  return JSON.stringify({ hash, revision, totalKey, totalSize, version });
}
