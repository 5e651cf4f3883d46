/** Cases that are answered otherwise on purpose, and why. Each reason stands in docs/divergence.md, too. */
/** Rules on the types, which come last and in words of their own: 1.37 has more of them than 1.36. */
const laterRules = 'words and order are those of rules in code';

const known: readonly (readonly [group: string, title: RegExp, why: string])[] = [
  ['apply', /^endpoints$/, 'no warning that Endpoints are deprecated'],
  ['apply', /^broken YAML$/, "YAML syntax errors use the parser's words"],
  ['pods', /^ephemeral changes$/, 'a forbidden change is not shown as a difference of texts'],
  ['autoscaling', /^v1 as a table$/, "rows have the version's annotations"],
  ['core', /^component statuses$/, 'component statuses are not served'],
  ['core', /^node: provider changes$/, 'the words are those of 1.36'],
  ['config', /^accounts as a table$/, 'table columns are those of 1.32'],
  ['custom', /^another version$/, 'a body of another version is not pruned first'],
  ['volumes', /^quotas as a table$/, 'table columns are those of 1.32'],
  ['workloads', /^daemonsets as a table$/, 'metadata in a row is whole'],
  ['access', /^role with an empty rule$|^binding of bad subjects$/, laterRules],
  ['access', /^binding changes its role$/, 'words are those of 1.32'],
  ['certificates', /^request is approved and denied$|^request is denied after all$/, laterRules],
  ['certificates', /^request that is/, 'bytes in an error are shown as 1.32 shows them'],
  ['certificates', /^request as a table$/, 'descriptions of columns are those of v1'],
  ['cluster-classes', /^attributes class as a table$/, 'descriptions of columns are those of 1.36'],
  ['cluster-classes', /^csi node( minimal| takes more)?$/, 'the status came after 1.36'],
  ['cluster-classes', /^attachment of nothing$|^attachment by a bad driver$/, laterRules],
  [
    'control',
    /^level (of an unknown|without limits|with both|that queues|that rejects with)|^exempt level is/,
    laterRules,
  ],
  ['control', /^slice without addresses$/, laterRules],
  ['devices', /^claim (of bad firsts|twice|with bad c|is badly)/, laterRules],
  ['devices', /^slice with bad (attributes|taints)$/, laterRules],
  ['devices', /^slice as a table$/, 'descriptions of columns are those of 1.36'],
  ['networking', /^range as a table$/, 'descriptions of columns are those of 1.36'],
  ['registration', /^policy gets a bad status$/, 'the status of policies is not validated'],
];

export const knownDifference = (group: string, title: string): string | undefined =>
  known.find(([of, pattern]) => of === group && pattern.test(title))?.[2];

/** Lines of `differences` that are no mistake in any case. */
export const isKnownLine = (line: string): boolean =>
  // the models have no text for fields whose type is a model
  /columnDefinitions\[\d+\]\.description: "",/.test(line) ||
  // a field that may not change: 1.37 compares pointers, and shows them
  /Invalid value: .*: field is immutable", expected ".*Invalid value: <value>: field is immutable/.test(line);
