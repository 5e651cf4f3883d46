import { higherIsBetter } from './goals.ts';
import type { Row } from './report.ts';

const rowHeight = 22;
const leftMin = 330;
/** of a letter of the labels, on average */
const letterWidth = 6.4;
const plotWidth = 420;
const right = 150;
const top = 70;
const decades = 2;

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const colour = { ahead: '#2e7d32', behind: '#c62828', axis: '#777', text: '#222' } as const;

/** How many times better we are than the real program (1: equal), whatever direction is better. */
const advantage = ({ figure, ratio }: Row): number => (higherIsBetter(figure) ? ratio : 1 / ratio);

const labelOf = ({ workload, figure }: Row): string => `${workload}: ${figure}`;

/** x of an advantage, on a logarithmic axis from 1/100 to 100 that begins at `left` */
function place(times: number, left: number): number {
  const log = Math.max(-decades, Math.min(decades, Math.log10(times)));
  return left + ((log + decades) / (2 * decades)) * plotWidth;
}

function bar(row: Row, i: number, left: number): string {
  const y = top + i * rowHeight;
  const times = advantage(row);
  const [from, to] = [place(1, left), place(times, left)].sort((a, b) => a - b);
  const fill = times >= 1 ? colour.ahead : colour.behind;
  const values = `${row.kuorum} / ${row.real}${row.goal === '' ? '' : ` · goal ${row.goal}`}`;
  return [
    `<text x="${left - 8}" y="${y + 14}" text-anchor="end">${escaped(labelOf(row))}</text>`,
    `<rect x="${from!.toFixed(1)}" y="${y + 4}" width="${Math.max(1, to! - from!).toFixed(1)}" height="13" fill="${fill}"/>`,
    `<text x="${left + plotWidth + 8}" y="${y + 14}">${escaped(values)}</text>`,
  ].join('\n');
}

/** A bar a figure: to the right Kuorum is better than the real program, to the left worse; each line of the axis is a factor of ten. */
export function chartOf(rows: readonly Row[], title: string, name: string): string {
  const shown = rows.filter(({ ratio }) => Number.isFinite(ratio) && ratio > 0);
  const height = top + shown.length * rowHeight + 20;
  const left = Math.max(leftMin, ...shown.map((row) => Math.ceil(labelOf(row).length * letterWidth) + 16));
  const width = left + plotWidth + right + 60;
  const lines = [0.01, 0.1, 1, 10, 100].map(
    (times) =>
      `<line x1="${place(times, left)}" x2="${place(times, left)}" y1="${top - 6}" y2="${height - 14}" stroke="${colour.axis}" stroke-width="${times === 1 ? 1.5 : 0.4}"/>` +
      `<text x="${place(times, left)}" y="${top - 12}" text-anchor="middle">${times === 1 ? 'equal' : `${times} x`}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12" fill="${colour.text}">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="12" y="22" font-size="15">${escaped(title)}</text>`,
    `<text x="12" y="40">right: Kuorum is better; figures are Kuorum / ${escaped(name)}</text>`,
    ...lines,
    ...shown.map((row, i) => bar(row, i, left)),
    '</svg>',
    '',
  ].join('\n');
}
