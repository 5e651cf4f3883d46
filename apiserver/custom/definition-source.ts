import { sleep } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { compareVersions } from '../../api/crd/version-order.ts';
import type { CustomResourceDefinition } from '../../api/types/apiextensions-v1.ts';
import type { Storage } from '../endpoints/resource-request.ts';
import type { ResourceInfo } from '../pipeline.ts';
import type { CustomEntries, CustomSource } from '../registry/catalog.ts';
import type { ResourceEntry } from '../registry/resource-entry.ts';
import type { CachedObject } from '../storage/cached-object.ts';
import { customEntries } from './custom-entries.ts';
import type { VersionConverter } from './stored-form.ts';

export interface DefinitionSourceOptions {
  /** of the definitions */
  readonly storage: Storage;
  readonly converterOf: (definition: CustomResourceDefinition) => VersionConverter;
  /** told of all custom resources whenever they change */
  readonly onChange: (entries: readonly ResourceEntry[]) => void;
  readonly log: Log;
}

/** without a quorum nothing newer can be known, and what is known is answered */
const catchUpTimeoutMs = 500;
const none: CustomEntries = { entries: [], discovered: [] };

/** In a group the best version first, as discovery shows it; groups in the order of their names. */
function inOrder(discovered: readonly ResourceInfo[]): ResourceInfo[] {
  const text = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return [...discovered].sort(
    (a, b) => text(a.group, b.group) || compareVersions(a.version, b.version) || text(a.resource, b.resource),
  );
}

/** The custom resources of the definitions in the watch cache. Each definition is looked through once a version of it. */
export class DefinitionSource implements CustomSource {
  readonly #options: DefinitionSourceOptions;
  #made = new Map<CachedObject, CustomEntries>();

  constructor(options: DefinitionSourceOptions) {
    this.#options = options;
  }

  get changes(): number {
    return this.#options.storage.store.cache.changes;
  }

  entries(): CustomEntries {
    const { storage, onChange } = this.#options;
    const made = new Map<CachedObject, CustomEntries>();
    for (const definition of storage.store.cache.range(storage.prefix)) {
      made.set(definition, this.#made.get(definition) ?? this.#make(definition));
    }
    this.#made = made;
    const all = [...made.values()];
    const entries = all.flatMap((one) => one.entries);
    onChange(entries);
    return { entries, discovered: inOrder(all.flatMap((one) => one.discovered)) };
  }

  /** One definition that cannot be served must not take the others with it. */
  #make(cached: CachedObject): CustomEntries {
    const definition = cached.object as unknown as CustomResourceDefinition;
    try {
      return customEntries(definition, this.#options.converterOf(definition));
    } catch (error) {
      this.#options.log.error({ name: definition.metadata?.name, err: error }, 'a custom resource cannot be served');
      return none;
    }
  }

  async catchUp(): Promise<void> {
    try {
      await Promise.race([this.#options.storage.reader.catchUp(), sleep(catchUpTimeoutMs)]);
    } catch (error) {
      this.#options.log.debug({ err: error }, 'the definitions could not be read anew');
    }
  }
}
