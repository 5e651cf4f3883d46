import { durationBounds } from '../../base/duration-histogram.ts';
import type { DurationHistogram } from '../../base/duration-histogram.ts';

export type MetricKind = 'gauge' | 'counter' | 'histogram';
export type Labels = Readonly<Record<string, string>>;

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const labelled = (name: string, labels: Labels): string => {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${escaped(value)}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
};

const head = (name: string, kind: MetricKind, help: string): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n`;

/** Prometheus' text format. https://prometheus.io/docs/instrumenting/exposition_formats/ */
export function metric(
  name: string,
  kind: Exclude<MetricKind, 'histogram'>,
  help: string,
  samples: readonly (readonly [labels: Labels, value: number])[],
): string {
  return head(name, kind, help) + samples.map(([labels, value]) => `${labelled(name, labels)} ${value}\n`).join('');
}

export function histogram(name: string, help: string, { counts, sumMs }: DurationHistogram): string {
  let sum = 0;
  const lines = counts.map((count, i) => {
    sum += count;
    return `${labelled(`${name}_bucket`, { le: String(durationBounds[i] ?? '+Inf') })} ${sum}\n`;
  });
  return `${head(name, 'histogram', help)}${lines.join('')}${name}_sum ${sumMs / 1000}\n${name}_count ${sum}\n`;
}
