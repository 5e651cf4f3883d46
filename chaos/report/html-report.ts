import type { RunResult } from './run-result.ts';
import { textReport } from './text-report.ts';
import { escapeText, timelineSvg } from './timeline-svg.ts';

const css = `
:root{color-scheme:light dark;--bg:#fff;--ink:#1f2430;--dim:#6b7280;--line:#e5e7eb;--good:#16803c;--bad:#dc2626}
@media (prefers-color-scheme:dark){:root{--bg:#14171d;--ink:#e6e8ec;--dim:#9aa1ad;--line:#2b303a;--good:#3fc46b;--bad:#f87171}}
body{margin:2rem;background:var(--bg);color:var(--ink);font:14px/1.5 system-ui,sans-serif}
.picture{overflow-x:auto;border:1px solid var(--line);border-radius:6px}
.numbers{display:flex;flex-wrap:wrap;gap:2rem;margin:1rem 0}.numbers b{display:block;font-size:1.6rem}
.good{color:var(--good)}.bad{color:var(--bad)}.dim{color:var(--dim)}
table{border-collapse:collapse;margin:1rem 0}th,td{text-align:left;padding:.2rem 1rem .2rem 0;border-bottom:1px solid var(--line)}
td.n,th.n{text-align:right}pre{overflow-x:auto;background:color-mix(in srgb,var(--ink) 5%,transparent);padding:1rem;border-radius:6px}`;

type Cell = string | number;
function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cell = (tag: string, value: Cell): string =>
    `<${tag}${typeof value === 'number' ? ' class="n"' : ''}>${escapeText(String(value))}</${tag}>`;
  const row = (tag: string, cells: readonly Cell[]): string => `<tr>${cells.map((c) => cell(tag, c)).join('')}</tr>`;
  return `<table>${row('th', head)}${rows.map((cells) => row('td', cells)).join('')}</table>`;
}

const figure = (value: string, what: string, mark = ''): string =>
  `<div><b class="${mark}">${escapeText(value)}</b><span class="dim">${escapeText(what)}</span></div>`;

/** One page that needs nothing else: the picture, the figures, each fault, and each violation. */
export function htmlReport(result: RunResult): string {
  const { violations, faults, etcd, kubernetes } = result;
  const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
  const verdict = violations.length === 0 ? 'No violations' : `${violations.length} violations`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>kuorum chaos: ${escapeText(result.scenario)}, seed ${result.seed}</title><style>${css}</style></head><body>
<h1>kuorum chaos: ${escapeText(result.scenario)}</h1>
<p class="dim">${escapeText(`${result.startedAt}, ${result.machine}, kuorum ${result.version}: ${result.command}`)}</p>
<div class="numbers">
${figure(verdict, 'found by the checkers', violations.length === 0 ? 'good' : 'bad')}
${figure(String(faults.length), 'faults')}
${figure(String(result.leaderChanges), 'leader changes')}
${figure(percent(etcd.available), `of the time writes got through, etcd API (longest outage ${etcd.longestMs} ms)`)}
${figure(percent(kubernetes.available), `of the time writes got through, Kubernetes API (longest outage ${kubernetes.longestMs} ms)`)}
</div>
<div class="picture">${timelineSvg(result)}</div>
${violations.length === 0 ? '' : `<h2>Violations</h2>${violations.map(({ checker, text }) => `<h3>${escapeText(checker)}</h3><pre>${escapeText(text)}</pre>`).join('')}`}
<h2>What each fault cost</h2>
${table(
  ['fault', 'times', 'at the leader', 'median outage, ms', 'longest, ms'],
  result.faultSummary.map((one) => [one.fault, one.count, one.leaderHits, one.medianMs, one.longestMs]),
)}
<h2>Summary</h2><pre>${escapeText(textReport(result))}</pre>
<h2>What clients were told when a call was not answered</h2>
${table(['text', 'times'], result.errors)}
<h2>Faults</h2>
${table(
  ['no.', 'fault', 'at', 'detail', 'from, s', 'to, s', 'wrong'],
  faults.map((f) => [
    f.number,
    f.fault,
    `${f.victims.join(', ')}${f.leaderHit ? ' (leads)' : ''}`,
    f.detail,
    Math.round(f.fromMs / 100) / 10,
    Math.round(f.toMs / 100) / 10,
    f.problem ?? '',
  ]),
)}
</body></html>
`;
}
