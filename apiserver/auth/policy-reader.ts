import { matcherOfSelector } from '../../api/meta/labels.ts';
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding } from '../../api/types/rbac-v1.ts';
import type { KubeObject, ObjectStore } from '../pipeline.ts';
import { bootstrapObjects, lastBinding } from './bootstrap-policy.ts';

const rbacGroup = 'rbac.authorization.k8s.io';

/** What the authorizer reads of roles and bindings. */
export interface PolicyReader {
  clusterRoleBindings(): Promise<readonly ClusterRoleBinding[]>;
  roleBindings(namespace: string): Promise<readonly RoleBinding[]>;
  /** rules of a ClusterRole, those it aggregates included; undefined where there is no such role */
  clusterRoleRules(name: string): Promise<readonly PolicyRule[] | undefined>;
  roleRules(namespace: string, name: string): Promise<readonly PolicyRule[] | undefined>;
}

/** Hands out the policy of the moment, for one decision. */
export interface PolicySource {
  current(): PolicyReader;
}

const bootstrapOf = (kind: string, namespace?: string): KubeObject[] =>
  bootstrapObjects.filter(
    (object) => object.kind === kind && (namespace === undefined || object.metadata?.namespace === namespace),
  );

const indexOf = <T extends { metadata?: { name?: string } }>(objects: readonly unknown[]): Map<string, T> =>
  new Map((objects as readonly T[]).map((object) => [object.metadata?.name ?? '', object]));

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

/** Reads each list at most once: made for one decision, and forgotten with it. */
class StoredPolicy implements PolicyReader {
  readonly #read: (resource: string, kind: string, namespace?: string) => Promise<readonly unknown[]>;
  readonly #lists = new Map<string, Promise<readonly unknown[]>>();
  #clusterRoles: Promise<Map<string, ClusterRole>> | undefined;

  constructor(read: (resource: string, kind: string, namespace?: string) => Promise<readonly unknown[]>) {
    this.#read = read;
  }

  async clusterRoleBindings(): Promise<readonly ClusterRoleBinding[]> {
    return (await this.#list('clusterrolebindings', 'ClusterRoleBinding')) as readonly ClusterRoleBinding[];
  }

  async roleBindings(namespace: string): Promise<readonly RoleBinding[]> {
    return (await this.#list('rolebindings', 'RoleBinding', namespace)) as readonly RoleBinding[];
  }

  async clusterRoleRules(name: string): Promise<readonly PolicyRule[] | undefined> {
    this.#clusterRoles ??= this.#list('clusterroles', 'ClusterRole').then((all) => indexOf<ClusterRole>(all));
    const roles = await this.#clusterRoles;
    const role = roles.get(name);
    return role === undefined ? undefined : rulesOf(role, roles.values());
  }

  async roleRules(namespace: string, name: string): Promise<readonly PolicyRule[] | undefined> {
    const role = indexOf<Role>(await this.#list('roles', 'Role', namespace)).get(name);
    return role === undefined ? undefined : (role.rules ?? []);
  }

  #list(resource: string, kind: string, namespace?: string): Promise<readonly unknown[]> {
    const key = `${resource}/${namespace ?? ''}`;
    let list = this.#lists.get(key);
    if (list === undefined) {
      list = this.#read(resource, kind, namespace);
      this.#lists.set(key, list);
    }
    return list;
  }
}

/**
 * Policy as stored. Before the default policy has been written, it holds all the same: otherwise no component could do
 * the work that gets a new cluster going. Once it has been seen in the store, only the store counts.
 */
export class StoredPolicySource implements PolicySource {
  readonly #store: ObjectStore;
  /** the default policy was seen to be complete; never taken back */
  #seeded = false;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  current(): PolicyReader {
    return new StoredPolicy((resource, kind, namespace) => this.#list(resource, kind, namespace));
  }

  async #list(resource: string, kind: string, namespace?: string): Promise<readonly unknown[]> {
    if (await this.#isSeeded()) return this.#store.list(rbacGroup, resource, namespace);
    return bootstrapOf(kind, namespace);
  }

  async #isSeeded(): Promise<boolean> {
    if (this.#seeded) return true;
    try {
      const bindings = await this.#store.list(rbacGroup, 'clusterrolebindings');
      this.#seeded = bindings.some((binding) => binding.metadata?.name === lastBinding);
    } catch {
      // Not answering yet: the request itself will say so, if it needs the store at all.
    }
    return this.#seeded;
  }
}
