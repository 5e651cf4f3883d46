import { matcherOfSelector } from '../../api/meta/labels.ts';
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding } from '../../api/types/rbac-v1.ts';
import type { KubeObject, ObjectStore } from '../pipeline.ts';
import { bootstrapObjects } from './bootstrap-policy.ts';

const rbacGroup = 'rbac.authorization.k8s.io';

/** What the authorizer reads of roles and bindings. */
export interface PolicyReader {
  clusterRoleBindings(): Promise<readonly ClusterRoleBinding[]>;
  roleBindings(namespace: string): Promise<readonly RoleBinding[]>;
  /** rules of a ClusterRole, those it aggregates included; undefined where there is no such role */
  clusterRoleRules(name: string): Promise<readonly PolicyRule[] | undefined>;
  roleRules(namespace: string, name: string): Promise<readonly PolicyRule[] | undefined>;
}

const bootstrapOf = (kind: string, namespace?: string): KubeObject[] =>
  bootstrapObjects.filter(
    (object) => object.kind === kind && (namespace === undefined || object.metadata?.namespace === namespace),
  );

const byName = new WeakMap<readonly KubeObject[], Map<string, KubeObject>>();

/** Lists come from a cache that hands out the same array until something changes. */
function indexOf(objects: readonly KubeObject[]): Map<string, KubeObject> {
  let index = byName.get(objects);
  if (index === undefined) {
    index = new Map(objects.map((object) => [object.metadata?.name ?? '', object]));
    byName.set(objects, index);
  }
  return index;
}

function rulesOf(role: ClusterRole, all: Iterable<ClusterRole>): PolicyRule[] {
  const own = role.rules ?? [];
  const selectors = role.aggregationRule?.clusterRoleSelectors ?? [];
  if (selectors.length === 0) return own;
  // The controller that writes aggregated rules into the role may lag, or not run at all.
  const matchers = selectors.map((selector) => matcherOfSelector(selector));
  const selected = [...all].filter(
    (other) => other !== role && matchers.some((matcher) => matcher.matches(other.metadata?.labels ?? {})),
  );
  return [...own, ...selected.flatMap((other) => other.rules ?? [])];
}

/**
 * Policy as stored. Before the store has answered, and before the default policy has been written, the default policy
 * itself holds: otherwise no component could do the work that makes the store answer.
 */
export class StoredPolicyReader implements PolicyReader {
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  async clusterRoleBindings(): Promise<readonly ClusterRoleBinding[]> {
    return (await this.#list(
      'clusterrolebindings',
      'ClusterRoleBinding',
    )) as readonly unknown[] as ClusterRoleBinding[];
  }

  async roleBindings(namespace: string): Promise<readonly RoleBinding[]> {
    return (await this.#list('rolebindings', 'RoleBinding', namespace)) as readonly unknown[] as RoleBinding[];
  }

  async clusterRoleRules(name: string): Promise<readonly PolicyRule[] | undefined> {
    const index = indexOf(await this.#list('clusterroles', 'ClusterRole')) as unknown as Map<string, ClusterRole>;
    const role = index.get(name);
    return role === undefined ? undefined : rulesOf(role, index.values());
  }

  async roleRules(namespace: string, name: string): Promise<readonly PolicyRule[] | undefined> {
    const index = indexOf(await this.#list('roles', 'Role', namespace)) as unknown as Map<string, Role>;
    const role = index.get(name);
    return role === undefined ? undefined : (role.rules ?? []);
  }

  async #list(resource: string, kind: string, namespace?: string): Promise<readonly KubeObject[]> {
    try {
      if (await this.#isSeeded()) return await this.#store.list(rbacGroup, resource, namespace);
    } catch {
      // The store does not answer: the request itself will say so, if it needs the store at all.
    }
    return bootstrapOf(kind, namespace);
  }

  /** Bindings are written last, so their presence says that the roles are there. */
  async #isSeeded(): Promise<boolean> {
    return (await this.#store.list(rbacGroup, 'clusterrolebindings')).length > 0;
  }
}
