import { rfc3339 } from '../../base/clock.ts';
import { bestSurvivor } from '../../store/etcd/member.ts';
import type { Survivor } from '../../store/etcd/member.ts';

/** A member's data directory, and what was found in it. */
export interface Finding {
  /** `replica-1`, or the directory */
  readonly name: string;
  /** text: why it cannot be used */
  readonly found: Survivor | string;
}

export interface RecoveryPlan {
  /** undefined: nothing can be done, or need be; the report says why */
  readonly base: Survivor | undefined;
  /** lines for a person */
  readonly report: readonly string[];
}

const quorumOf = (count: number): number => Math.floor(count / 2) + 1;
const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** `entry 7`, `entries 7 to 9` */
const span = (what: [string, string], from: number, to: number): string =>
  from === to ? `${what[0]} ${from}` : `${what[1]} ${from} to ${to}`;
const entries: [string, string] = ['entry', 'entries'];
const revisions: [string, string] = ['revision', 'revisions'];

function describe({ name, found }: Finding): string[] {
  if (typeof found === 'string') return [`  ${name}: cannot be used: ${found}`];
  const { memberId, log, commit, commitRevision, lastRevision } = found;
  return [
    `  ${name}: member ${memberId}, last written at ${rfc3339(log.writtenAtMs)}`,
    `    log up to entry ${log.lastIndex} of term ${log.lastTerm}, known to be committed up to ${commit}`,
    `    store at revision ${lastRevision} with all of that, ${commitRevision} with what is known to be committed`,
  ];
}

const survivorsOf = (findings: readonly Finding[]): Survivor[] =>
  findings.flatMap(({ found }) => (typeof found === 'string' ? [] : [found]));

/** The halves of the configuration that have no quorum among those that are left. */
function quorumLost({ confState }: Survivor, left: ReadonlySet<string>): boolean {
  return [confState.voters, confState.votersOutgoing].some(
    (half) => half.length > 0 && half.filter((id) => left.has(id)).length < quorumOf(half.length),
  );
}

function losses(base: Survivor, baseName: string, left: ReadonlySet<string>): string[] {
  const { log, commit, commitRevision, lastRevision, confState, members, memberId } = base;
  const nameOf = (id: string): string => `${members.get(id)?.name || 'a member that never ran'} (${id})`;
  const named = (ids: readonly string[]): string => ids.map(nameOf).sort().join(', ');
  const others = [...members.keys()].filter((id) => id !== memberId);
  const gone = others.filter((id) => !left.has(id));
  const tailRevisions = lastRevision === commitRevision ? '' : `, ${span(revisions, commitRevision + 1, lastRevision)}`;
  const tail =
    log.lastIndex === commit
      ? []
      : [
          `  Kept in any case: ${span(entries, commit + 1, log.lastIndex)}${tailRevisions}. They may have been acknowledged; or never, and`,
          '  replaced by others in what is gone.',
        ];
  return [
    `What may be lost: writes that ${named(gone) || 'the others'} acknowledged without ${baseName} after entry ${commit},`,
    `  that is, after revision ${commitRevision}. How many those are cannot be told from what is left. Nothing up to there is lost.`,
    ...tail,
    `What happens: ${baseName} becomes the only member of the cluster, which had ${plural(confState.voters.length, 'voter')}.`,
    `  Dropped for good, and refused should they come back: ${named(others)}.`,
  ];
}

/** What `kuorum recover` says before it does anything, and what it goes by. */
export function planRecovery(findings: readonly Finding[]): RecoveryPlan {
  const found = ['What is left:', ...findings.flatMap(describe), ''];
  const all = survivorsOf(findings);
  const base = bestSurvivor(all);
  if (base === undefined)
    return { base, report: [...found, 'No member holds data that can be used: restore a backup.'] };
  const foreign = all.find(({ clusterId }) => clusterId !== base.clusterId);
  if (foreign !== undefined) {
    const text = `${foreign.dataDir} is of cluster ${foreign.clusterId}, ${base.dataDir} of ${base.clusterId}: name those of one cluster.`;
    return { base: undefined, report: [...found, text] };
  }
  const left = new Set(all.map(({ memberId }) => memberId));
  if (!quorumLost(base, left)) {
    const text = `A quorum of the ${plural(base.confState.voters.length, 'voter')} is left: start them. Nothing is lost, and nothing is to be recovered.`;
    return { base: undefined, report: [...found, text] };
  }
  const name = findings.find(({ found: one }) => one === base)!.name;
  return { base, report: [...found, ...losses(base, name, left)] };
}
