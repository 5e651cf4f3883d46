/**
 * Fills in what an object leaves out, as a real server does on every decode. Two sources: defaults declared in the type
 * table, and a function for each type that needs one. Both apply wherever the type stands, parents before children.
 */
import { isObject } from '../meta/clone.ts';
import { millisOf, milliQuantityOf, formatQuantity, parseQuantity } from '../meta/quantity.ts';
import { schemaOf, structOf } from '../schema/schema.ts';
import type { GroupVersionKind, StructSchema, TypeNode } from '../schema/schema.ts';
import { autoscalingDefaulters } from './autoscaling.ts';
import { admissionRegistrationDefaulters } from './admission-registration.ts';
import { deviceRequestDefaulters } from './device-requests.ts';
import { flowcontrolDefaulters } from './flowcontrol.ts';
import { networkingDefaulters } from './networking.ts';
import { cronJobDefaults, jobDefaults, podConditionsPatternDefaults } from './batch.ts';
import { claimDefaults, limitRangeItemDefaults, persistentVolumeDefaults } from './persistent-volume.ts';
import { customResourceDefinitionDefaults } from './custom-resource-definition.ts';
import { secretDefaults } from './secret.ts';
import { storageDefaulters } from './storage.ts';
import { deploymentDefaults } from './deployment.ts';
import { daemonSetDefaults, replicationControllerDefaults, statefulSetDefaults } from './workloads.ts';
import { endpointPortDefaults, endpointsDefaults } from './endpoints.ts';
import { namespaceDefaults, namespaceStatusDefaults } from './namespace.ts';
import { nodeSpecDefaults, nodeStatusDefaults } from './node.ts';
import { podDefaults, podSpecDefaults, podStatusDefaults } from './pod.ts';
import { containerDefaults, httpGetDefaults, objectFieldDefaults, probeDefaults } from './container.ts';
import { bindingDefaults, subjectDefaults } from './rbac.ts';
import { serviceDefaults } from './service.ts';
import {
  claimSpecDefaults,
  hostPathDefaults,
  modeDefaults,
  tokenProjectionDefaults,
  volumeDefaults,
} from './volume.ts';

/** Changes the object it is given. */
export type Defaulter<T> = (object: T) => void;
/** A struct that JSON leaves out is there in Go, empty, and so gets its defaults. */
export const specOf = <S extends object>(object: { spec?: S }): S => (object.spec ??= {} as S);

export type DefaulterEntry = readonly [typeName: string, run: Defaulter<never>];

const core = 'io.k8s.api.core.v1.';
const rbac = 'io.k8s.api.rbac.v1.';

/** Full type name → what to fill in. Adding a type adds a line. */
const defaulters = new Map<string, Defaulter<never>>([
  [`${core}Pod`, podDefaults],
  [`${core}PodSpec`, podSpecDefaults],
  [`${core}PodStatus`, podStatusDefaults],
  [`${core}Container`, containerDefaults],
  [`${core}EphemeralContainer`, containerDefaults],
  [`${core}Probe`, probeDefaults],
  [`${core}HTTPGetAction`, httpGetDefaults],
  [`${core}ObjectFieldSelector`, objectFieldDefaults],
  [`${core}Volume`, volumeDefaults],
  [`${core}HostPathVolumeSource`, hostPathDefaults],
  [`${core}SecretVolumeSource`, modeDefaults],
  [`${core}ConfigMapVolumeSource`, modeDefaults],
  [`${core}DownwardAPIVolumeSource`, modeDefaults],
  [`${core}ProjectedVolumeSource`, modeDefaults],
  [`${core}ServiceAccountTokenProjection`, tokenProjectionDefaults],
  [`${core}Service`, serviceDefaults],
  [`${rbac}RoleBinding`, bindingDefaults],
  [`${rbac}ClusterRoleBinding`, bindingDefaults],
  [`${rbac}Subject`, subjectDefaults],
  [`${core}Endpoints`, endpointsDefaults],
  ['io.k8s.api.discovery.v1.EndpointPort', endpointPortDefaults],
  [`${core}Secret`, secretDefaults],
  [`${core}Namespace`, namespaceDefaults],
  [`${core}NamespaceStatus`, namespaceStatusDefaults],
  [`${core}NodeSpec`, nodeSpecDefaults],
  [`${core}NodeStatus`, nodeStatusDefaults],
  [`${core}PersistentVolumeClaimSpec`, claimSpecDefaults],
  [
    'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition',
    customResourceDefinitionDefaults,
  ],
  ['io.k8s.api.apps.v1.Deployment', deploymentDefaults],
  ['io.k8s.api.apps.v1.ReplicaSet', replicaSetDefaults],
  ['io.k8s.api.apps.v1.StatefulSet', statefulSetDefaults],
  ['io.k8s.api.apps.v1.DaemonSet', daemonSetDefaults],
  [`${core}ReplicationController`, replicationControllerDefaults],
  [`${core}PersistentVolume`, persistentVolumeDefaults],
  [`${core}PersistentVolumeClaim`, claimDefaults],
  [`${core}LimitRangeItem`, limitRangeItemDefaults],
  ['io.k8s.api.batch.v1.Job', jobDefaults],
  ['io.k8s.api.batch.v1.CronJob', cronJobDefaults],
  ['io.k8s.api.batch.v1.PodFailurePolicyOnPodConditionsPattern', podConditionsPatternDefaults],
  ['io.k8s.api.scheduling.v1.PriorityClass', priorityClassDefaults],
  ...admissionRegistrationDefaulters,
  ...autoscalingDefaulters,
  ...deviceRequestDefaulters,
  ...flowcontrolDefaulters,
  ...networkingDefaulters,
  ...storageDefaulters,
]);

function priorityClassDefaults(priorityClass: { preemptionPolicy?: string }): void {
  priorityClass.preemptionPolicy ??= 'PreemptLowerPriority';
}

function replicaSetDefaults(replicaSet: { spec?: { replicas?: number } }): void {
  if (replicaSet.spec !== undefined) replicaSet.spec.replicas ??= 1;
}

/** A field's declared default, parsed; `ref(Name)` names a constant of the API. */
const constants: Record<string, string> = {
  AzureDataDiskCachingReadWrite: 'ReadWrite',
  AzureSharedBlobDisk: 'Shared',
};

type Json = Record<string, unknown>;
interface StructDefaults {
  readonly run: Defaulter<never> | undefined;
  readonly declared: readonly { name: string; value: unknown }[];
  /** fields below which something may have defaults */
  readonly nested: readonly { name: string; node: TypeNode }[];
}

const plans = new Map<string, StructDefaults>();

function declaredDefault(text: string): unknown {
  const constant = /^ref\((\w+)\)$/.exec(text)?.[1];
  return constant === undefined ? (JSON.parse(text) as unknown) : constants[constant];
}

function planOf(schema: StructSchema): StructDefaults {
  const known = plans.get(schema.name);
  if (known !== undefined) return known;
  const declared: { name: string; value: unknown }[] = [];
  const nested: { name: string; node: TypeNode }[] = [];
  for (const { name, node, fact } of schema.fields.values()) {
    if (fact.default !== undefined) {
      const value = declaredDefault(fact.default);
      // a zero default shows only where the field is a pointer
      if (value !== undefined && (fact.pointer || Boolean(value))) declared.push({ name, value });
    }
    if (innermost(node).kind === 'struct' || innermost(node).kind === 'quantity') nested.push({ name, node });
  }
  const plan = { run: defaulters.get(schema.name), declared, nested };
  plans.set(schema.name, plan);
  return plan;
}

const innermost = (node: TypeNode): TypeNode =>
  node.kind === 'list' || node.kind === 'map' ? innermost(node.element) : node;

function applyToStruct(object: Json, schema: StructSchema): void {
  const plan = planOf(schema);
  plan.run?.(object as never);
  for (const { name, value } of plan.declared) {
    const is = object[name];
    if (is === undefined || is === null || is === '') object[name] = value;
  }
  for (const { name, node } of plan.nested) {
    if (Object.hasOwn(object, name)) applyToValue(object[name], node);
  }
}

function applyToValue(value: unknown, node: TypeNode): void {
  if (value === null || value === undefined) return;
  if (node.kind === 'struct') {
    if (isObject(value)) applyToStruct(value, structOf(node.name));
  } else if (node.kind === 'list') {
    for (const item of value as unknown[]) applyToValue(item, node.element);
  } else if (node.kind === 'map') {
    const map = value as Json;
    if (node.element.kind === 'quantity') roundToMilli(map);
    else for (const key of Object.keys(map)) applyToValue(map[key], node.element);
  }
}

/** Resource lists have no finer grain than a thousandth. */
function roundToMilli(resources: Json): void {
  for (const key of Object.keys(resources)) {
    const quantity = parseQuantity(String(resources[key]));
    if (quantity.nano % 1_000_000n === 0n) continue;
    const rounded = { ...milliQuantityOf(millisOf(quantity)), format: quantity.format };
    resources[key] = formatQuantity(rounded);
  }
}

/** Fills in defaults in place and returns the object. Lists get them for each item. */
export function applyDefaults<T extends object>(object: T, gvk: GroupVersionKind): T {
  const schema = schemaOf(gvk);
  if (schema !== undefined) applyToStruct(object as Json, schema);
  return object;
}
