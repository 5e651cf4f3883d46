import type { CustomKind } from '../../api/crd/custom-kind.ts';
import { parseGroupVersion } from '../../api/schema/schema.ts';
import type { KubeObject } from '../pipeline.ts';
import type { ObjectCodec } from '../storage/object-codec.ts';

/** Makes one version of objects out of another: changes them or returns others. */
export interface VersionConverter {
  convert(objects: KubeObject[], apiVersion: string): KubeObject[] | Promise<KubeObject[]>;
}

/** `None`: versions differ in their name alone. */
export const nameConverter: VersionConverter = {
  convert(objects, apiVersion) {
    for (const object of objects) object.apiVersion = apiVersion;
    return objects;
  },
};

export interface StoredFormOptions {
  readonly group: string;
  /** the version that is shown */
  readonly version: string;
  /** the version that is written */
  readonly storage: string;
  /** of all versions */
  readonly kinds: ReadonlyMap<string, CustomKind>;
  readonly converter: VersionConverter;
}

/**
 * Objects are pruned and completed by the schema of the version in which they were stored, then converted to the one
 * asked for and pruned by its schema.
 */
export class StoredForm implements ObjectCodec {
  readonly #options: StoredFormOptions;

  constructor(options: StoredFormOptions) {
    this.#options = options;
  }

  fromStored(objects: KubeObject[]): KubeObject[] | Promise<KubeObject[]> {
    const { group, version, kinds } = this.#options;
    for (const object of objects) {
      kinds.get(parseGroupVersion(object.apiVersion ?? '').version)?.restore(object);
      // Objects of a time before generations were kept have none.
      if (object.metadata !== undefined && !object.metadata.generation) object.metadata.generation = 1;
    }
    return this.#convert(objects, `${group}/${version}`, kinds.get(version));
  }

  async toStored(object: KubeObject): Promise<KubeObject> {
    const { group, storage, kinds } = this.#options;
    if (object.apiVersion === `${group}/${storage}`) return object;
    const [stored] = await this.#convert([structuredClone(object)], `${group}/${storage}`, kinds.get(storage));
    if (stored === undefined) throw new Error('lost in conversion');
    return stored;
  }

  #convert(
    objects: KubeObject[],
    apiVersion: string,
    kind: CustomKind | undefined,
  ): KubeObject[] | Promise<KubeObject[]> {
    const others = objects.filter((object) => object.apiVersion !== apiVersion);
    if (others.length === 0) return objects;
    const isOther = new Set(others);
    const merge = (made: KubeObject[]): KubeObject[] => {
      let at = 0;
      for (const object of made) kind?.prune(object);
      return objects.map((object) => (isOther.has(object) ? (made[at++] as KubeObject) : object));
    };
    const made = this.#options.converter.convert(others, apiVersion);
    return made instanceof Promise ? made.then(merge) : merge(made);
  }
}
