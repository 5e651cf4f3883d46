/**
 * What shall happen at a fault point, in the language of etcd's gofail:
 *
 *     panic                          the process dies on the spot, as by kill -9
 *     sleep(500) or sleep("500ms")   that place waits (what does not depend on it goes on)
 *     return("ENOSPC")               the disk answers with that error; error("EIO") is the same
 *     off
 *
 * before it, both may be left out: `5%` by that chance, `3*` so many times. `->` joins steps: the next takes over when
 * the count of the one before is used up, as in `2*off->1*panic`.
 */
export interface FaultTerm {
  readonly action: 'off' | 'panic' | 'sleep' | 'return';
  readonly sleepMs: number;
  /** errno's name */
  readonly errorCode: string;
  /** in [0, 1] */
  readonly chance: number;
  /** Infinity: always */
  readonly count: number;
}

const termPattern = /^(?:(\d+(?:\.\d+)?)%)?(?:(\d+)\*)?(off|panic|sleep|return|error)(?:\((.*)\))?$/;
const unitsMs: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

function sleepMsOf(argument: string, text: string): number {
  const [, amount, unit = 'ms'] = /^"?(\d+(?:\.\d+)?)(us|ms|s|m)?"?$/.exec(argument) ?? [];
  if (amount === undefined) throw new SyntaxError(`${text}: sleep wants milliseconds, or a duration such as "500ms"`);
  return Number(amount) * (unitsMs[unit] ?? 1);
}

function codeOf(argument: string, text: string): string {
  const [, code] = /^"?(E[A-Z0-9]+)"?$/.exec(argument) ?? [];
  if (code === undefined) throw new SyntaxError(`${text}: an errno's name is wanted, such as "ENOSPC" or "EIO"`);
  return code;
}

/** Throws SyntaxError that says what is wrong. */
export function parseFaultTerms(text: string): FaultTerm[] {
  return text
    .trim()
    .split('->')
    .map((part) => {
      const [, percent, count, name, argument = ''] = termPattern.exec(part.trim()) ?? [];
      if (name === undefined) {
        throw new SyntaxError(`"${part.trim()}" is not [N%][N*]off|panic|sleep(ms)|return("ERRNO")`);
      }
      const action = name === 'error' ? 'return' : (name as FaultTerm['action']);
      return {
        action,
        sleepMs: action === 'sleep' ? sleepMsOf(argument, part) : 0,
        errorCode: action === 'return' ? codeOf(argument, part) : '',
        chance: percent === undefined ? 1 : Number(percent) / 100,
        count: count === undefined ? Infinity : Number(count),
      };
    });
}
