import type { Role, Span } from '../cluster/sampler.ts';
import type { Throughput } from './availability.ts';
import type { RunResult } from './run-result.ts';

/**
 * The picture of a run, top to bottom on one axis of time:
 *
 *     calls a second    ▁▂▆▇▇▇▁▁▂▇▇▇     etcd API as an area, Kubernetes API as a line
 *     replica-1         ███████░░░░░░     thick: leads. A strip above it: the fault that hits it
 *     replica-2         ─────────████     with the term at each change
 *     outages           a red band over everything
 */
const left = 96;
const right = 16;
const top = 34;
const chartHeight = 120;
const laneHeight = 46;
const axisHeight = 26;
const legendHeight = 26;
const plotWidthMin = 1088;
const plotWidthMax = 6000;
const pixelsPerSecond = 8;

export const escapeText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const style = `
.chaos{font:11px system-ui,sans-serif;--bg:#fff;--ink:#1f2430;--dim:#6b7280;--grid:#e5e7eb;--etcd:#2563eb;--kube:#d97706;
--leader:#16803c;--follower:#a7d7b5;--none:#f5c04a;--silent:#b6bac3;--paused:#8b5cf6;--down:#4b5563;--fault:#c2410c;--out:#dc2626}
@media (prefers-color-scheme:dark){.chaos{--bg:#14171d;--ink:#e6e8ec;--dim:#9aa1ad;--grid:#2b303a;--etcd:#6ea8fe;--kube:#f2b25c;
--leader:#3fc46b;--follower:#2c5a3b;--none:#b98a1e;--silent:#4a505c;--paused:#a78bfa;--down:#8a909c;--fault:#fb8c4e;--out:#f87171}}
.chaos .bg{fill:var(--bg)}.chaos text{fill:var(--ink)}.chaos .dim{fill:var(--dim)}.chaos .grid{stroke:var(--grid)}
.chaos .title{font-size:14px;font-weight:600}.chaos .etcd{fill:var(--etcd);fill-opacity:.3;stroke:var(--etcd)}
.chaos .kube{fill:none;stroke:var(--kube);stroke-width:1.5}.chaos .fault{fill:var(--fault)}.chaos .out{fill:var(--out);fill-opacity:.16}
.chaos .leader{fill:var(--leader)}.chaos .follower{fill:var(--follower)}.chaos .none{fill:var(--none)}
.chaos .silent{fill:var(--silent)}.chaos .paused{fill:var(--paused)}.chaos .down{fill:var(--down)}
.chaos .small{font-size:9px}.chaos .key-etcd{fill:var(--etcd)}.chaos .key-kube{fill:var(--kube)}`;

const roleLook: Readonly<Record<Role, { css: string; height: number }>> = {
  leader: { css: 'leader', height: 16 },
  follower: { css: 'follower', height: 8 },
  'no leader': { css: 'none', height: 8 },
  silent: { css: 'silent', height: 8 },
  paused: { css: 'paused', height: 8 },
  down: { css: 'down', height: 3 },
};

const round = (value: number): string => value.toFixed(1).replace(/\.0$/, '');
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

class Picture {
  readonly #result: RunResult;
  readonly #plotWidth: number;
  readonly #parts: string[] = [];

  constructor(result: RunResult) {
    this.#result = result;
    const wanted = (result.durationMs / 1000) * pixelsPerSecond;
    this.#plotWidth = Math.round(Math.min(plotWidthMax, Math.max(plotWidthMin, wanted)));
  }

  draw(): string {
    const { scenario, seed, replicas, durationMs } = this.#result;
    const names = Object.keys(this.#result.spans).sort();
    const lanesTop = top + chartHeight + 12;
    const bottom = lanesTop + names.length * laneHeight;
    const width = left + this.#plotWidth + right;
    const height = bottom + axisHeight + legendHeight;
    const title = `kuorum chaos ${scenario}: ${replicas} replicas, ${Math.round(durationMs / 1000)} s, seed ${seed}`;
    this.#parts.push(`<rect class="bg" width="${width}" height="${height}"/>`);
    this.#parts.push(`<text class="title" x="${left}" y="20">${escapeText(title)}</text>`);
    this.#axis(bottom);
    this.#outages(bottom);
    this.#throughput();
    names.forEach((name, i) => this.#lane(name, lanesTop + i * laneHeight));
    this.#legend(bottom + axisHeight + 12);
    return (
      `<svg xmlns="http://www.w3.org/2000/svg" class="chaos" role="img" aria-label="${escapeText(title)}" ` +
      `viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"><style>${style}</style>\n` +
      `${this.#parts.join('\n')}\n</svg>`
    );
  }

  #x(ms: number): number {
    return left + (Math.min(ms, this.#result.durationMs) / this.#result.durationMs) * this.#plotWidth;
  }

  #axis(bottom: number): void {
    const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300];
    const durationS = this.#result.durationMs / 1000;
    const step = steps.find((s) => (s / durationS) * this.#plotWidth >= 60) ?? 600;
    for (let s = 0; s <= durationS; s += step) {
      const x = round(this.#x(s * 1000));
      const label = s < 60 ? `${s} s` : `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`;
      this.#parts.push(`<line class="grid" x1="${x}" y1="${top}" x2="${x}" y2="${bottom}"/>`);
      this.#parts.push(`<text class="dim" x="${x}" y="${bottom + 14}" text-anchor="middle">${label}</text>`);
    }
  }

  #outages(bottom: number): void {
    for (const { fromMs, toMs } of this.#result.etcd.outages) {
      const [x, end] = [this.#x(fromMs), this.#x(toMs)];
      this.#parts.push(
        `<rect class="out" x="${round(x)}" y="${top}" width="${round(Math.max(1, end - x))}" height="${bottom - top}">` +
          `<title>no write acknowledged for ${seconds(toMs - fromMs)}, from ${seconds(fromMs)} on</title></rect>`,
      );
    }
  }

  #throughput(): void {
    const { etcd, kubernetes } = this.#result;
    const most = Math.max(1, ...etcd.rates, ...kubernetes.rates);
    const base = top + chartHeight;
    const points = ({ rates, bucketMs }: Throughput): string =>
      rates
        .map((rate, bucket) => {
          const x = this.#x((bucket + 0.5) * bucketMs);
          return `${round(x)},${round(base - (rate / most) * (chartHeight - 8))}`;
        })
        .join(' ');
    const end = round(left + this.#plotWidth);
    this.#parts.push(`<polygon class="etcd" points="${left},${base} ${points(etcd)} ${end},${base}"/>`);
    this.#parts.push(`<polyline class="kube" points="${points(kubernetes)}"/>`);
    this.#parts.push(`<line class="grid" x1="${left}" y1="${base}" x2="${end}" y2="${base}"/>`);
    this.#parts.push(`<text x="${left - 8}" y="${top + 12}" text-anchor="end">${most}/s</text>`);
    this.#parts.push(`<text class="dim" x="${left - 8}" y="${top + 28}" text-anchor="end">answered</text>`);
    this.#parts.push(`<text class="dim" x="${left - 8}" y="${base}" text-anchor="end">0</text>`);
  }

  #lane(name: string, y: number): void {
    const middle = y + 30;
    this.#parts.push(`<text x="${left - 8}" y="${middle + 4}" text-anchor="end">${escapeText(name)}</text>`);
    let lastTerm = 0;
    for (const span of this.#result.spans[name] ?? []) {
      this.#span(name, span, middle);
      if (span.role !== 'leader') continue;
      this.#term(span, lastTerm, y);
      lastTerm = span.term;
    }
    let labelledTo = 0;
    for (const { fault, victims, detail, fromMs, toMs, problem } of this.#result.faults) {
      if (!victims.includes(name)) continue;
      const [x, end] = [this.#x(fromMs), this.#x(toMs)];
      const note = problem === undefined ? '' : ` (${problem})`;
      const text = escapeText(`${fault}: ${detail}, ${seconds(fromMs)} to ${seconds(toMs)}${note}`);
      const widthOf = round(Math.max(2, end - x));
      this.#parts.push(
        `<rect class="fault" x="${round(x)}" y="${y + 14}" width="${widthOf}" height="4"><title>${text}</title></rect>`,
      );
      if (x < labelledTo) continue;
      this.#parts.push(`<text class="small" x="${round(x)}" y="${y + 11}">${fault}</text>`);
      labelledTo = x + fault.length * 5 + 6;
    }
  }

  #span(name: string, { fromMs, toMs, role, term }: Span, middle: number): void {
    const [x, end] = [this.#x(fromMs), this.#x(toMs)];
    const { css, height } = roleLook[role];
    const what = term > 0 ? `${role}, term ${term}` : role;
    this.#parts.push(
      `<rect class="${css}" x="${round(x)}" y="${round(middle - height / 2)}" width="${round(Math.max(0.5, end - x))}" height="${height}">` +
        `<title>${escapeText(name)}: ${what}, ${seconds(fromMs)} to ${seconds(toMs)}</title></rect>`,
    );
  }

  /** under the bar of who leads, so that it stands once a term */
  #term({ fromMs, term }: Span, lastTerm: number, y: number): void {
    if (term === lastTerm) return;
    this.#parts.push(`<text class="small dim" x="${round(this.#x(fromMs))}" y="${y + 46}">term ${term}</text>`);
  }

  #legend(y: number): void {
    const keys: readonly [string, string][] = [
      ['key-etcd', 'etcd API, calls/s'],
      ['key-kube', 'Kubernetes API, calls/s'],
      ['leader', 'leads'],
      ['follower', 'follows'],
      ['none', 'knows no leader'],
      ['silent', 'does not answer'],
      ['paused', 'paused'],
      ['down', 'down'],
      ['fault', 'fault'],
      ['out', 'no write acknowledged'],
    ];
    let x = left;
    for (const [css, text] of keys) {
      this.#parts.push(`<rect class="${css}" x="${x}" y="${y - 8}" width="10" height="10"/>`);
      this.#parts.push(`<text x="${x + 14}" y="${y + 1}">${text}</text>`);
      x += 14 + text.length * 6 + 14;
    }
  }
}

export const timelineSvg = (result: RunResult): string => new Picture(result).draw();
