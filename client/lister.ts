import { controllerOf, keyOf } from './types.ts';
import type { KubeObject, Lister } from './types.ts';

type IndexValues<T> = (object: T) => string[];

/** value → key → object */
type Index<T> = Map<string, Map<string, T>>;

const namespaceIndex = ' namespace';
const ownerIndex = ' controllerUid';

/**
 * An informer's objects by key, and by the values of its indexes.
 * Invariant: an object is in index `i` under value `v` exactly when it is in the cache and `i.valuesOf(object)` contains `v`.
 */
export class ObjectCache<T extends KubeObject> implements Lister<T> {
  readonly #objects = new Map<string, T>();
  readonly #valuesOf = new Map<string, IndexValues<T>>();
  readonly #indexes = new Map<string, Index<T>>();

  constructor() {
    this.addIndex(namespaceIndex, (object) => [object.metadata?.namespace ?? '']);
    this.addIndex(ownerIndex, (object) => {
      const uid = controllerOf(object)?.uid;
      return uid === undefined ? [] : [uid];
    });
  }

  get size(): number {
    return this.#objects.size;
  }

  addIndex(name: string, valuesOf: IndexValues<T>): void {
    this.#valuesOf.set(name, valuesOf);
    const index: Index<T> = new Map();
    this.#indexes.set(name, index);
    for (const [key, object] of this.#objects) for (const value of valuesOf(object)) put(index, value, key, object);
  }

  /** Returns what stood there before. */
  set(object: T): T | undefined {
    const key = keyOf(object);
    const previous = this.delete(key);
    this.#objects.set(key, object);
    for (const [name, valuesOf] of this.#valuesOf) {
      const index = this.#indexes.get(name);
      if (index) for (const value of valuesOf(object)) put(index, value, key, object);
    }
    return previous;
  }

  delete(key: string): T | undefined {
    const object = this.#objects.get(key);
    if (object === undefined) return undefined;
    this.#objects.delete(key);
    for (const [name, valuesOf] of this.#valuesOf) {
      const index = this.#indexes.get(name);
      if (index) for (const value of valuesOf(object)) remove(index, value, key);
    }
    return object;
  }

  getByKey(key: string): T | undefined {
    return this.#objects.get(key);
  }

  keys(): string[] {
    return [...this.#objects.keys()];
  }

  get(name: string, namespace = ''): T | undefined {
    return this.#objects.get(namespace === '' ? name : `${namespace}/${name}`);
  }

  list(namespace?: string): T[] {
    return namespace === undefined ? [...this.#objects.values()] : this.byIndex(namespaceIndex, namespace);
  }

  byIndex(index: string, value: string): T[] {
    const values = this.#indexes.get(index);
    if (values === undefined) throw new Error(`no index "${index}": add it with addIndex before the informer is used`);
    return [...(values.get(value)?.values() ?? [])];
  }

  ownedBy(uid: string): T[] {
    return this.byIndex(ownerIndex, uid);
  }
}

function put<T>(index: Index<T>, value: string, key: string, object: T): void {
  const objects = index.get(value);
  if (objects) objects.set(key, object);
  else index.set(value, new Map([[key, object]]));
}

function remove<T>(index: Index<T>, value: string, key: string): void {
  const objects = index.get(value);
  objects?.delete(key);
  if (objects?.size === 0) index.delete(value);
}
