/**
 * What a container's process would do, guessed from its command line, for a runtime that starts no process.
 *
 *     sh -c "echo hello; sleep 2; exit 3"   →  prints "hello", exits with 3 after 2 s
 *     nginx -g "daemon off;"                →  runs until it is stopped
 *
 * The annotation `kuorum.dev/simulate` (or `kuorum.dev/simulate.<container>`) says it outright:
 *
 *     exit=1 after=2s      exits with 1 after 2 s (after=0s without it)
 *     term=ignore          does not react to SIGTERM, so it is killed when the grace period ends
 *     term=0 stop-after=1s exits with 0, one second after SIGTERM
 *     start=fail pull=fail the container cannot be started, its image cannot be pulled
 *     ready=false          its readiness probes fail (started=false, live=false likewise)
 */
export interface SimulatedProcess {
  /** undefined: runs until stopped */
  readonly exit: { readonly code: number; readonly afterMs: number } | undefined;
  /** exit code on SIGTERM; undefined: the signal is ignored */
  readonly termCode: number | undefined;
  readonly termAfterMs: number;
  readonly startFails: boolean;
  /** what it prints, and when after its start */
  readonly lines: readonly { readonly atMs: number; readonly text: string }[];
}

export const simulateAnnotation = 'kuorum.dev/simulate';

export const exitCodeSigterm = 143;
export const exitCodeSigkill = 137;
const linesMax = 1000;

/** `{exit: '1', after: '2s'}` of `exit=1 after=2s`; the container's own annotation goes before the pod's. */
export function simulationOf(annotations: Record<string, string>, container: string): Record<string, string> {
  const text = annotations[`${simulateAnnotation}.${container}`] ?? annotations[simulateAnnotation] ?? '';
  const words = text.split(/[\s,]+/).filter((word) => word.includes('='));
  return Object.fromEntries(words.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]));
}

const unitMs: Record<string, number> = { ms: 1, '': 1000, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `2s`, `300ms`, `1.5m`; a number alone is seconds. `infinity` is Infinity; anything else undefined. */
export function parseDurationMs(text: string): number | undefined {
  if (/^inf(inity)?$/i.test(text)) return Infinity;
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|)$/.exec(text);
  return match ? Number(match[1]) * (unitMs[match[2] ?? ''] ?? 1000) : undefined;
}

/** A script's state while it is walked through. */
interface Walk {
  atMs: number;
  lastCode: number;
  /** set once the script is known to end, or to run on for ever */
  ended: boolean;
  forever: boolean;
  readonly lines: { atMs: number; text: string }[];
}

/** Commands that end at once, with success, whatever their arguments. */
const instant = new Set(
  'true : cd mkdir touch set export ls cat date hostname env id whoami pwd uname trap unset chmod chown rm cp mv ln grep sed test [ sync'.split(
    ' ',
  ),
);
const shells = new Set(['sh', 'bash', 'ash', 'dash']);
const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const unquote = (text: string): string => text.replace(/(["'])(.*?)\1/g, '$2');

function runSleep(args: readonly string[], walk: Walk): void {
  const total = args.reduce((sum, arg) => sum + (parseDurationMs(arg) ?? NaN), 0);
  walk.lastCode = Number.isNaN(total) || args.length === 0 ? 1 : 0;
  if (total === Infinity) walk.forever = true;
  else if (walk.lastCode === 0) walk.atMs += total;
}

function print(walk: Walk, text: string): void {
  if (walk.lines.length < linesMax) walk.lines.push({ atMs: walk.atMs, text });
  walk.lastCode = 0;
}

function runCommand(argv: readonly string[], walk: Walk): void {
  const [program = '', ...args] = argv;
  const name = baseName(program);
  if (name === 'exit') {
    walk.ended = true;
    walk.lastCode = args[0] === undefined ? walk.lastCode : Number(args[0]) & 255;
  } else if (name === 'sleep') runSleep(args, walk);
  else if (name === 'false') walk.lastCode = 1;
  else if (name === 'echo') print(walk, args.filter((arg, i) => i > 0 || !/^-[ne]+$/.test(arg)).join(' '));
  else if (name === 'exec') runCommand(args, walk);
  else if (shells.has(name)) runShell(args, walk);
  else if (instant.has(name)) walk.lastCode = 0;
  else walk.forever = true;
}

function runShell(args: readonly string[], walk: Walk): void {
  const at = args.findIndex((arg) => /^-[a-z]*c$/.test(arg));
  const script = at < 0 ? undefined : args[at + 1];
  if (script === undefined) {
    // a shell without a terminal reads the end of its input and exits; `sh script.sh` is not known
    if (args.some((arg) => !arg.startsWith('-'))) walk.forever = true;
  } else runScript(script, walk);
}

/** `a; b && c || d` without loops, functions or substitutions: those are taken to run for ever. */
function runScript(script: string, walk: Walk): void {
  if (/\b(while|until|for|if|case|function)\b|[|`&]\s*$|\$\(|[^|]\|[^|]|[^&>]&[^&>1-9]/.test(script)) {
    walk.forever = true;
    return;
  }
  const parts = script.split(/(;|\n|&&|\|\|)/);
  for (let i = 0; i < parts.length && !walk.ended && !walk.forever; i += 2) {
    const operator = parts[i - 1];
    const skip = (operator === '&&' && walk.lastCode !== 0) || (operator === '||' && walk.lastCode === 0);
    const text = (parts[i] ?? '').trim().replace(/\s*\d?>{1,2}\s*\S+/g, '');
    const words = text.match(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g)?.map(unquote) ?? [];
    if (skip || words.length === 0 || words[0]?.startsWith('#')) continue;
    const printed = walk.lines.length;
    runCommand(words, walk);
    if (parts[i]?.includes('>')) walk.lines.length = printed; // it went to a file
  }
}

/** `argv` is command and args together; empty means the image's own entry point, which runs until stopped. */
export function simulatedProcess(argv: readonly string[], simulation: Record<string, string> = {}): SimulatedProcess {
  const walk: Walk = { atMs: 0, lastCode: 0, ended: false, forever: argv.length === 0, lines: [] };
  if (argv.length > 0) runCommand(argv, walk);
  const guessed = walk.forever ? undefined : { code: walk.lastCode, afterMs: walk.atMs };
  const code = simulation['exit'];
  const scripted = code === undefined ? undefined : { code: Number(code) & 255, afterMs: 0 };
  const exit = scripted ?? guessed;
  const afterMs = parseDurationMs(simulation['after'] ?? '');
  const term = simulation['term'];
  return {
    exit: exit && { code: exit.code, afterMs: afterMs ?? exit.afterMs },
    termCode: term === 'ignore' ? undefined : Number(term ?? exitCodeSigterm) & 255,
    termAfterMs: parseDurationMs(simulation['stop-after'] ?? '') ?? 0,
    startFails: simulation['start'] === 'fail',
    lines: walk.lines,
  };
}
