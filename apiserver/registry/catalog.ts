import type { ResourceInfo } from '../pipeline.ts';
import { entries, entryFor, entryOfGroup, served, servedInfo } from './registry.ts';
import type { ResourceEntry } from './resource-entry.ts';

/** What definitions add to the built-in resources. */
export interface CustomEntries {
  /** what requests find, as soon as a definition's names are accepted */
  readonly entries: readonly ResourceEntry[];
  /** what discovery shows, once it is established */
  readonly discovered: readonly ResourceInfo[];
}

export interface CustomSource {
  /** counts changes of the definitions */
  readonly changes: number;
  entries(): CustomEntries;
  /** resolves once all definitions that are stored now count; sooner where that takes too long */
  catchUp(): Promise<void>;
}

const keyOf = (group: string, version: string, resource: string): string => `${group}/${version}/${resource}`;

/**
 * What this server serves at the moment: the built-in resources, and those that definitions add. It is looked up anew
 * whenever a definition has changed, so that it is never older than the cache of the definitions.
 */
export class ResourceCatalog {
  readonly #source: CustomSource;
  #seen = -1;
  #custom = new Map<string, ResourceEntry>();
  #served: readonly ResourceInfo[] = served;

  constructor(source: CustomSource) {
    this.#source = source;
  }

  /** For the answer that something is not there: another server may have told of it already. */
  catchUp(): Promise<void> {
    return this.#source.catchUp();
  }

  #current(): Map<string, ResourceEntry> {
    const { changes } = this.#source;
    if (changes === this.#seen) return this.#custom;
    this.#seen = changes;
    const custom = this.#source.entries();
    const isNew = ({ group, version, resource }: ResourceInfo): boolean =>
      servedInfo(group, version, resource) === undefined;
    this.#custom = new Map(
      custom.entries
        .filter(({ info }) => isNew(info))
        .map((entry) => [keyOf(entry.info.group, entry.info.version, entry.info.resource), entry]),
    );
    this.#served = [...served, ...custom.discovered.filter(isNew)];
    return this.#custom;
  }

  entryFor(group: string, version: string, resource: string): ResourceEntry | undefined {
    return entryFor(group, version, resource) ?? this.#current().get(keyOf(group, version, resource));
  }

  /** Any version of it that is stored as it is. */
  entryOfGroup(group: string, resource: string): ResourceEntry | undefined {
    const builtIn = entryOfGroup(group, resource);
    if (builtIn !== undefined) return builtIn;
    const versions = [...this.#current().values()].filter(
      ({ info }) => info.group === group && info.resource === resource,
    );
    return versions.find((entry) => entry.custom?.isStorage) ?? versions[0];
  }

  /** What discovery and OpenAPI show: the same array while nothing changes. */
  get served(): readonly ResourceInfo[] {
    this.#current();
    return this.#served;
  }

  servedInfo(group: string, version: string, resource: string): ResourceInfo | undefined {
    return servedInfo(group, version, resource) ?? this.#current().get(keyOf(group, version, resource))?.info;
  }

  get entries(): readonly ResourceEntry[] {
    return [...entries, ...this.#current().values()];
  }
}
