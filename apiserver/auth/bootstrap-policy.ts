/** What a fresh cluster holds of access policy: Kubernetes' defaults, and what our way of running components adds. */
import { systemRandom } from '../../base/random.ts';
import type { KubeObject, ObjectStore, PostStartHook } from '../pipeline.ts';
import { bootstrapData } from './bootstrap-objects.generated.ts';

const defaults: readonly KubeObject[] = bootstrapData;
const rbacGroup = 'rbac.authorization.k8s.io';
const flowGroup = 'flowcontrol.apiserver.k8s.io';
const controllerRolePrefix = 'system:controller:';
const roleKinds: ReadonlySet<string> = new Set(['ClusterRole', 'Role']);

/**
 * Kubernetes' controllers each use a service account of their own. Ours share the identity of the manager that they
 * run in, so that identity is bound to each controller's role.
 */
function managerBindings(): KubeObject[] {
  return defaults
    .filter(({ kind, metadata }) => roleKinds.has(kind ?? '') && metadata?.name?.startsWith(controllerRolePrefix))
    .map(({ kind = '', metadata }) => ({
      apiVersion: `${rbacGroup}/v1`,
      kind: `${kind}Binding`,
      metadata: {
        name: `kuorum:manager:${(metadata?.name ?? '').slice(controllerRolePrefix.length)}`,
        ...(metadata?.namespace && { namespace: metadata.namespace }),
        labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
      },
      roleRef: { apiGroup: rbacGroup, kind, name: metadata?.name ?? '' },
      subjects: [{ apiGroup: rbacGroup, kind: 'User', name: 'system:kube-controller-manager' }],
    }));
}

/** The binding that is written when all else is there: its presence says that the default policy is complete. */
export const lastBinding = 'cluster-admin';

export const bootstrapObjects: readonly KubeObject[] = [...defaults, ...managerBindings()];

interface Seed {
  readonly kind: string;
  readonly group: string;
  readonly resource: string;
}

/** In the order in which they are written: an interrupted start is seen and finished by the next one. */
const rbacSeeds: readonly Seed[] = [
  { kind: 'ClusterRole', group: rbacGroup, resource: 'clusterroles' },
  { kind: 'Role', group: rbacGroup, resource: 'roles' },
  { kind: 'RoleBinding', group: rbacGroup, resource: 'rolebindings' },
  { kind: 'ClusterRoleBinding', group: rbacGroup, resource: 'clusterrolebindings' },
];
const prioritySeeds: readonly Seed[] = [
  { kind: 'PriorityClass', group: 'scheduling.k8s.io', resource: 'priorityclasses' },
];

const flowSeeds: readonly Seed[] = [
  { kind: 'PriorityLevelConfiguration', group: flowGroup, resource: 'prioritylevelconfigurations' },
  { kind: 'FlowSchema', group: flowGroup, resource: 'flowschemas' },
];

/** Writes in flight at once while seeding. */
const seedParallelism = 16;

const nameOf = (object: KubeObject): string => `${object.metadata?.namespace ?? ''}/${object.metadata?.name ?? ''}`;

async function seed(store: ObjectStore, { kind, group, resource }: Seed, signal: AbortSignal): Promise<void> {
  const all = bootstrapObjects.filter((object) => object.kind === kind);
  const isLast = ({ metadata }: KubeObject): boolean => kind === 'ClusterRoleBinding' && metadata?.name === lastBinding;
  const wanted = all.filter((object) => !isLast(object));
  // servers that start together each begin elsewhere, and so share the work instead of racing for each object
  const start = systemRandom.below(wanted.length + 1);
  const queue = [...wanted.slice(start), ...wanted.slice(0, start)];
  const write = async (object: KubeObject): Promise<void> => {
    signal.throwIfAborted();
    const name = nameOf(object);
    const present = (await store.list(group, resource)).some((other) => nameOf(other) === name);
    if (!present) await store.ensure(group, resource, structuredClone(object));
  };
  const worker = async (): Promise<void> => {
    for (let object = queue.shift(); object !== undefined; object = queue.shift()) await write(object);
  };
  await Promise.all(Array.from({ length: seedParallelism }, worker));
  for (const object of all.filter(isLast)) await write(object);
}

const seedingHook = (name: string, seeds: readonly Seed[]): PostStartHook => ({
  name,
  async run(store, signal) {
    for (const one of seeds) await seed(store, one, signal);
  },
});

/** Default objects that a server writes where they are missing. `serves` tells which kinds it has. */
export const bootstrapHooks = (serves: (group: string, resource: string) => boolean): PostStartHook[] =>
  [
    { name: 'rbac/bootstrap-roles', seeds: rbacSeeds },
    { name: 'scheduling/bootstrap-system-priority-classes', seeds: prioritySeeds },
    { name: 'priority-and-fairness-config-producer', seeds: flowSeeds },
  ]
    .map(({ name, seeds }) => ({ name, seeds: seeds.filter(({ group, resource }) => serves(group, resource)) }))
    .filter(({ seeds }) => seeds.length > 0)
    .map(({ name, seeds }) => seedingHook(name, seeds));
