/** Cases that are answered otherwise on purpose, and why. Each reason stands in docs/divergence.md, too. */
const known: readonly (readonly [group: string, title: RegExp, why: string])[] = [
  ['apply', /^endpoints$/, 'no warning that Endpoints are deprecated'],
  ['apply', /^broken YAML$/, "YAML syntax errors use the parser's words"],
  ['config', /^accounts as a table$/, 'table columns are those of 1.32'],
  ['custom', /^another version$/, 'a body of another version is not pruned first'],
  ['volumes', /^quotas as a table$/, 'table columns are those of 1.32'],
  ['workloads', /^daemonsets as a table$/, 'metadata in a row is whole'],
];

export const knownDifference = (group: string, title: string): string | undefined =>
  known.find(([of, pattern]) => of === group && pattern.test(title))?.[2];

/** Lines of `differences` that are no mistake in any case. */
export const isKnownLine = (line: string): boolean =>
  // the models have no text for fields whose type is a model
  /columnDefinitions\[\d+\]\.description: "",/.test(line);
