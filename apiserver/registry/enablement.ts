type Stability = 'ga' | 'beta' | 'alpha';

const stabilityOf = (version: string): Stability =>
  version.includes('alpha') ? 'alpha' : version.includes('beta') ? 'beta' : 'ga';

/** What says something of a resource, the closest first: `batch/v1/jobs`, `batch/v1`, `api/ga`, `api/all`. */
const keysFor = (group: string, version: string, resource: string): string[] => {
  const groupVersion = group === '' ? version : `${group}/${version}`;
  return [`${groupVersion}/${resource}`, groupVersion, `api/${stabilityOf(version)}`, 'api/all'];
};

/** Which resources are served, as `--runtime-config` says; what nothing is said of is. */
export function enablement(
  settings: ReadonlyMap<string, boolean> = new Map(),
): (group: string, version: string, resource: string) => boolean {
  if (settings.size === 0) return () => true;
  const known = new Map<string, boolean>();
  return (group, version, resource) => {
    const keys = keysFor(group, version, resource);
    const own = keys[0] ?? '';
    let enabled = known.get(own);
    if (enabled === undefined) {
      const decisive = keys.find((key) => settings.has(key));
      enabled = decisive === undefined || settings.get(decisive) === true;
      // what clients make up is not remembered
      if (known.size < rememberedMax) known.set(own, enabled);
    }
    return enabled;
  };
}

const rememberedMax = 1_000;

/** What is left of a list of resources; the same array while the list is the same. */
export function onlyEnabled<T extends { readonly group: string; readonly version: string; readonly resource: string }>(
  all: () => readonly T[],
  enables: (group: string, version: string, resource: string) => boolean,
): () => readonly T[] {
  let known: readonly T[] | undefined;
  let enabled: readonly T[] = [];
  return () => {
    const now = all();
    if (now !== known) {
      known = now;
      enabled = now.filter(({ group, version, resource }) => enables(group, version, resource));
    }
    return enabled;
  };
}

/** Two lists as one; the same array while both are the same. */
export function joined<T>(first: () => readonly T[], second: () => readonly T[]): () => readonly T[] {
  let known: readonly [readonly T[], readonly T[]] | undefined;
  let both: readonly T[] = [];
  return () => {
    const now = [first(), second()] as const;
    if (now[0] !== known?.[0] || now[1] !== known[1]) {
      known = now;
      both = now[1].length === 0 ? now[0] : [...now[0], ...now[1]];
    }
    return both;
  };
}
