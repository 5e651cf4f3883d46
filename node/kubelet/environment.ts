import type { Container, EnvVar, Pod, Service } from '../../api/types/core-v1.ts';
import { fieldValue, resourceValue } from './field-ref.ts';
import type { NodeFacts } from './field-ref.ts';
import { MissingSourceError, configMapData, secretData } from './pod-sources.ts';
import type { PodSources } from './pod-sources.ts';

/** Puts variables that are known into `$(NAME)`; unknown ones stay, `$$` is a dollar. */
export const expand = (text: string, variables: ReadonlyMap<string, string>): string =>
  text.replace(/\$\$|\$\(([^)]*)\)/g, (all, name: string | undefined) =>
    name === undefined ? '$' : (variables.get(name) ?? all),
  );

/** `REDIS_SERVICE_HOST` and its kin, as Docker links once were; services without an address have none. */
export function serviceVariables(services: readonly Service[]): Map<string, string> {
  const out = new Map<string, string>();
  for (const { metadata, spec } of services) {
    const ip = spec?.clusterIP;
    if (!ip || ip === 'None') continue;
    const prefix = (metadata?.name ?? '').toUpperCase().replaceAll('-', '_');
    const ports = spec.ports ?? [];
    out.set(`${prefix}_SERVICE_HOST`, ip);
    if (ports[0]) out.set(`${prefix}_SERVICE_PORT`, String(ports[0].port));
    for (const { name, port } of ports) {
      if (name) out.set(`${prefix}_SERVICE_PORT_${name.toUpperCase().replaceAll('-', '_')}`, String(port));
    }
    ports.forEach(({ protocol = 'TCP', port }, i) => {
      const url = `${protocol.toLowerCase()}://${ip}:${port}`;
      const key = `${prefix}_PORT_${port}_${protocol}`;
      if (i === 0) out.set(`${prefix}_PORT`, url);
      out
        .set(key, url)
        .set(`${key}_PROTO`, protocol.toLowerCase())
        .set(`${key}_PORT`, String(port))
        .set(`${key}_ADDR`, ip);
    });
  }
  return out;
}

export interface EnvironmentContext {
  readonly pod: Pod;
  readonly container: Container;
  readonly sources: PodSources;
  readonly node: NodeFacts;
  readonly podIp: string;
}

async function sourced(
  { pod, sources }: EnvironmentContext,
  kind: 'configmap' | 'secret',
  name: string,
  optional: boolean | undefined,
): Promise<Map<string, Buffer>> {
  const namespace = pod.metadata?.namespace ?? '';
  const data =
    kind === 'secret'
      ? await sources.secret(namespace, name).then((found) => found && secretData(found))
      : await sources.configMap(namespace, name).then((found) => found && configMapData(found));
  if (data === undefined && !optional) throw new MissingSourceError(`${kind} "${name}" not found`);
  return data ?? new Map();
}

async function valueOf(
  context: EnvironmentContext,
  variable: EnvVar,
  known: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  const from = variable.valueFrom;
  if (from === undefined) return expand(variable.value ?? '', known);
  const { pod, container, node, podIp } = context;
  if (from.fieldRef) return fieldValue(from.fieldRef.fieldPath, pod, node, podIp);
  if (from.resourceFieldRef) return resourceValue(from.resourceFieldRef, pod, container, node);
  const kind = from.secretKeyRef ? 'secret' : 'configmap';
  const selector = from.secretKeyRef ?? from.configMapKeyRef;
  if (selector === undefined)
    throw new MissingSourceError(`variable ${variable.name} has a source that is not supported`);
  const data = await sourced(context, kind, selector.name ?? '', selector.optional);
  const value = data.get(selector.key);
  if (value !== undefined) return value.toString();
  if (selector.optional) return undefined;
  const what = kind === 'secret' ? 'Secret' : 'ConfigMap';
  throw new MissingSourceError(
    `couldn't find key ${selector.key} in ${what} ${pod.metadata?.namespace}/${selector.name}`,
  );
}

/** All variables of a container: services, then envFrom, then env, later ones winning. */
export async function environmentOf(context: EnvironmentContext): Promise<Map<string, string>> {
  const { pod, container, sources } = context;
  const namespace = pod.metadata?.namespace ?? '';
  const master = sources.services('default').filter(({ metadata }) => metadata?.name === 'kubernetes');
  const linked = pod.spec?.enableServiceLinks === false ? [] : sources.services(namespace);
  const known = serviceVariables([...master, ...linked]);
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const reference = configMapRef ?? secretRef;
    const kind = configMapRef ? 'configmap' : 'secret';
    const data = await sourced(context, kind, reference?.name ?? '', reference?.optional);
    for (const [key, value] of data) known.set(prefix + key, value.toString());
  }
  for (const variable of container.env ?? []) {
    const value = await valueOf(context, variable, known);
    if (value !== undefined) known.set(variable.name, value);
  }
  return known;
}
