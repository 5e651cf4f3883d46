/** Which policies, through which bindings, with which parameters, a request is subject to. */
import { messageOf } from '../../../base/message-of.ts';
import { matcherOfSelector } from '../../../api/meta/labels.ts';
import { parseGroupVersion } from '../../../api/schema/schema.ts';
import type { MatchResources, ParamKind, ParamRef } from '../../../api/types/admissionregistration-v1.ts';
import type { KubeObject, ObjectStore, ResourceInfo } from '../../pipeline.ts';
import type { ResourceEntry } from '../../registry/resource-entry.ts';
import type { AdmissionRequest } from '../admission.ts';
import { matchResources, namespaceOf } from '../matching.ts';

/** What policies of both sorts have. */
export interface Policy extends KubeObject {
  spec?: {
    paramKind?: ParamKind;
    matchConstraints?: MatchResources;
    failurePolicy?: string;
  };
}

export interface Binding extends KubeObject {
  spec?: {
    policyName?: string;
    paramRef?: ParamRef;
    matchResources?: MatchResources;
  };
}

export interface Invocation<P extends Policy, B extends Binding> {
  readonly policy: P;
  readonly binding: B;
  /** in whose words the policy wants to see the request */
  readonly shown: ResourceEntry;
  readonly params: readonly (KubeObject | undefined)[];
}

/** A policy that cannot be asked: `failed to configure binding: …` */
export interface Misconfiguration<P extends Policy, B extends Binding> {
  readonly policy: P;
  readonly binding: B | undefined;
  readonly message: string;
}

export type Hook<P extends Policy, B extends Binding> = Invocation<P, B> | Misconfiguration<P, B>;

export const nameOf = (object: KubeObject): string => object.metadata?.name ?? '';

const infoOfKind = ({ apiVersion = '', kind = '' }: ParamKind, store: ObjectStore): ResourceInfo | undefined => {
  const { group: of, version } = parseGroupVersion(apiVersion);
  return store.infoOfKind?.(of, version, kind);
};

const kindText = ({ apiVersion = '', kind = '' }: ParamKind): string => `${apiVersion}, Kind=${kind}`;

const paramNamespace = (info: ResourceInfo, ref: ParamRef, request: AdmissionRequest): string => {
  if (!info.namespaced) {
    if (ref.namespace) throw new Error('paramRef.namespace must not be provided for a cluster-scoped `paramKind`');
    return '';
  }
  const namespace = ref.namespace || namespaceOf(request);
  if (namespace === '') {
    throw new Error('cannot use namespaced paramRef in policy binding that matches cluster-scoped resources');
  }
  return namespace;
};

const withKind = (object: KubeObject, { apiVersion, kind }: ParamKind): KubeObject => ({ ...object, apiVersion, kind });

/** undefined: evaluate once, without parameters. Throws what is wrong with the binding. */
const paramsOf = async (
  paramKind: ParamKind | undefined,
  info: ResourceInfo | undefined,
  ref: ParamRef | undefined,
  request: AdmissionRequest,
  store: ObjectStore,
): Promise<readonly (KubeObject | undefined)[]> => {
  if (paramKind === undefined || info === undefined || ref === undefined) return [undefined];
  const namespace = paramNamespace(info, ref, request);
  let found: readonly KubeObject[];
  if (ref.name) {
    const one = await store.get(info.group, info.resource, namespace, ref.name);
    found = one === undefined ? [] : [one];
  } else if (ref.selector !== undefined) {
    const matcher = matcherOfSelector(ref.selector);
    const all = await store.list(info.group, info.resource, namespace);
    found = all.filter(({ metadata }) => matcher.matches(metadata?.labels ?? {}));
  } else throw new Error('one of name or selector must be provided');
  if (found.length === 0 && ref.parameterNotFoundAction === 'Deny') {
    throw new Error('no params found for policy binding with `Deny` parameterNotFoundAction');
  }
  return found.map((object) => withKind(object, paramKind));
};

const hooksOf = async <P extends Policy, B extends Binding>(
  policy: P,
  bindings: readonly B[],
  request: AdmissionRequest,
  store: ObjectStore,
): Promise<Hook<P, B>[]> => {
  const { paramKind, matchConstraints } = policy.spec ?? {};
  let shown: ResourceEntry | undefined;
  try {
    shown = await matchResources(matchConstraints ?? {}, request, store);
  } catch (error) {
    return [{ policy, binding: undefined, message: `failed to configure policy: ${messageOf(error)}` }];
  }
  if (shown === undefined) return [];
  const info = paramKind && infoOfKind(paramKind, store);
  if (paramKind !== undefined && info === undefined) {
    const why = `failed to find resource referenced by paramKind: '${kindText(paramKind)}'`;
    return [{ policy, binding: undefined, message: `failed to configure policy: ${why}` }];
  }
  const hooks: Hook<P, B>[] = [];
  for (const binding of bindings) {
    try {
      const { paramRef, matchResources: match } = binding.spec ?? {};
      if (match !== undefined && (await matchResources(match, request, store)) === undefined) continue;
      const params = await paramsOf(paramKind, info, paramRef, request, store);
      if (params.length > 0) hooks.push({ policy, binding, shown, params });
    } catch (error) {
      hooks.push({ policy, binding, message: `failed to configure binding: ${messageOf(error)}` });
    }
  }
  return hooks;
};

const group = 'admissionregistration.k8s.io';

/** In the order of policies' names, then of bindings'. */
export const hooksFor = async <P extends Policy, B extends Binding>(
  policyResource: string,
  bindingResource: string,
  request: AdmissionRequest,
  store: ObjectStore,
): Promise<Hook<P, B>[]> => {
  const bindings = (await store.list(group, bindingResource)) as readonly B[];
  if (bindings.length === 0) return [];
  const policies = (await store.list(group, policyResource)) as readonly P[];
  const hooks: Hook<P, B>[] = [];
  for (const policy of policies) {
    const own = bindings.filter(({ spec }) => spec?.policyName === nameOf(policy));
    if (own.length > 0) hooks.push(...(await hooksOf(policy, own, request, store)));
  }
  return hooks;
};
