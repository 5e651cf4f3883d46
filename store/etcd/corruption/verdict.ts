/** What one member says of its data, as of a revision. Ids are 16 hex digits. */
export interface MemberHash {
  readonly id: string;
  readonly hash: number;
  /** that the hash is of */
  readonly revision: number;
  /** what was dropped before; hashes are comparable only where it is the same */
  readonly compactRevision: number;
}

export type Verdict =
  /** `checked` members, the asking one with them, have the same data */
  | { readonly kind: 'same'; readonly checked: number }
  /** a majority of all members has the same data, and these have not */
  | { readonly kind: 'odd'; readonly members: readonly string[] }
  /** there are differences, and no majority that tells who is wrong */
  | { readonly kind: 'split'; readonly groups: readonly (readonly string[])[] };

/**
 * Who has other data than the majority (etcd's rule for compaction hashes). Answers that cannot be compared do not count:
 *
 *     of three: A 7, B 7, C 9 → C is odd        A 7, B 8, C 9 → split        A 7, B 9, C silent → split
 *     of five:  A 7, B 7, C 7, D 9, E silent → D is odd
 */
export function judge(own: MemberHash, answers: readonly MemberHash[], memberCount: number): Verdict {
  const groups = new Map<number, string[]>();
  for (const { id, hash, revision, compactRevision } of [own, ...answers]) {
    if (revision !== own.revision || compactRevision !== own.compactRevision) continue;
    const group = groups.get(hash);
    if (group === undefined) groups.set(hash, [id]);
    else group.push(id);
  }
  const all = [...groups.values()];
  if (all.length === 1) return { kind: 'same', checked: all[0]!.length };
  const quorum = Math.floor(memberCount / 2) + 1;
  const majority = all.find((group) => group.length >= quorum);
  if (majority === undefined) return { kind: 'split', groups: all };
  return { kind: 'odd', members: all.filter((group) => group !== majority).flat() };
}
