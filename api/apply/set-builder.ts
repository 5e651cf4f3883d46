import { isEmptySet, self, type FieldSet, type GrowingFieldSet } from './field-set.ts';
import type { PathElement } from './path-element.ts';

/**
 * Collects paths on one walk over an object. It follows the walk's path, so that adding the place where the walk stands
 * costs one step and not the whole way from the root.
 */
export class SetBuilder {
  readonly #root: GrowingFieldSet = {};
  /** nodes that exist for the first so many elements of the walk's path */
  readonly #nodes: GrowingFieldSet[] = [this.#root];

  /** The walk left everything deeper than `depth`. */
  leave(depth: number): void {
    if (this.#nodes.length > depth) this.#nodes.length = depth;
  }

  /** Adds the path that consists of the first `depth` elements of `path`. */
  add(path: readonly PathElement[], depth: number): void {
    if (depth === 0) return;
    for (let d = this.#nodes.length; d <= depth; d++) {
      const parent = this.#nodes[d - 1] as GrowingFieldSet;
      const element = path[d - 1] as PathElement;
      const known = Object.hasOwn(parent, element) ? parent[element] : undefined;
      if (known === undefined) {
        const made: GrowingFieldSet = {};
        parent[element] = made;
        this.#nodes.push(made);
        if (d === depth) return;
      } else {
        // a leaf that gets something below it must say that it is a member itself
        if (d < depth && isEmptySet(known)) known[self] = {};
        this.#nodes.push(known);
      }
    }
    const node = this.#nodes[depth] as GrowingFieldSet;
    if (!isEmptySet(node) && !Object.hasOwn(node, self)) node[self] = {};
  }

  get set(): FieldSet {
    return this.#root;
  }
}
