import type { Library } from '../environment.ts';
import { EvaluationError } from '../errors.ts';
import { opaqueType, type CelType } from '../types.ts';
import { CelOpaque, type CelValue } from '../values.ts';

const prefix = 'kubernetes.authorization';
export const authorizerType = opaqueType(`${prefix}.Authorizer`);
export const resourceCheckType = opaqueType(`${prefix}.ResourceCheck`);
const pathCheckType = opaqueType(`${prefix}.PathCheck`);
const groupCheckType = opaqueType(`${prefix}.GroupCheck`);
const decisionType = opaqueType(`${prefix}.Decision`);

/** What an expression asks to be allowed. */
export type Check =
  | { readonly path: string; readonly verb: string; readonly serviceAccount: ServiceAccountName | undefined }
  | (ResourceAttributes & { readonly verb: string; readonly serviceAccount: ServiceAccountName | undefined });

export interface ServiceAccountName {
  readonly namespace: string;
  readonly name: string;
}

export interface ResourceAttributes {
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

export interface CheckResult {
  readonly allowed: boolean;
  readonly reason: string;
  /** '' where none */
  readonly error: string;
}

/** Answers at once; may throw something that is no EvaluationError to have the expression run again later. */
export type Authorize = (check: Check) => CheckResult;

/** One class for all five types: what has been asked for so far. */
class AuthorizationValue extends CelOpaque {
  readonly type: CelType;
  readonly authorize: Authorize;
  readonly serviceAccount: ServiceAccountName | undefined;
  readonly attributes: ResourceAttributes;
  readonly path: string;
  readonly result: CheckResult | undefined;

  constructor(type: CelType, from: Omit<AuthorizationValue, 'type' | 'equals'>) {
    super();
    this.type = type;
    this.authorize = from.authorize;
    this.serviceAccount = from.serviceAccount;
    this.attributes = from.attributes;
    this.path = from.path;
    this.result = from.result;
  }

  equals(other: CelOpaque): boolean {
    return other === this;
  }
}

const nothing: ResourceAttributes = { group: '', resource: '', subresource: '', namespace: '', name: '' };

/** The variable `authorizer`. */
export const authorizerValue = (authorize: Authorize): CelOpaque =>
  new AuthorizationValue(authorizerType, {
    authorize,
    serviceAccount: undefined,
    attributes: nothing,
    path: '',
    result: undefined,
  });

/** The variable `authorizer.requestResource`. */
export const resourceCheckValue = (authorize: Authorize, attributes: ResourceAttributes): CelOpaque =>
  new AuthorizationValue(resourceCheckType, {
    authorize,
    serviceAccount: undefined,
    attributes,
    path: '',
    result: undefined,
  });

type Fields = Partial<Pick<AuthorizationValue, 'attributes' | 'path' | 'result' | 'serviceAccount'>>;

const as = (value: CelValue): AuthorizationValue => value as AuthorizationValue;
const next = (value: CelValue, type: CelType, fields: Fields): AuthorizationValue => {
  const { authorize, serviceAccount, attributes, path, result } = as(value);
  return new AuthorizationValue(type, { authorize, serviceAccount, attributes, path, result, ...fields });
};

const required = (what: string, text: CelValue): string => {
  if ((text as string).trim() === '') throw new EvaluationError(`${what} must not be empty`);
  return text as string;
};

const withAttribute =
  (field: keyof ResourceAttributes) =>
  (check: CelValue, text: CelValue): CelValue =>
    next(check, resourceCheckType, { attributes: { ...as(check).attributes, [field]: text as string } });

const isLabel = (text: string): boolean => /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(text);
const isSubdomain = (text: string): boolean =>
  text.length <= 253 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/.test(text);

const serviceAccount = (authorizer: CelValue, namespace: string, name: string): CelValue => {
  if (!isSubdomain(name)) throw new EvaluationError('Invalid service account name');
  if (!isLabel(namespace)) throw new EvaluationError('Invalid service account namespace');
  return next(authorizer, authorizerType, { serviceAccount: { namespace, name } });
};

const decide = (value: CelValue, verb: string): CelValue => {
  const { authorize, serviceAccount: account, attributes, path, type } = as(value);
  const about = type === pathCheckType ? { path } : attributes;
  return next(value, decisionType, { result: authorize({ ...about, verb, serviceAccount: account }) });
};

const resultOf = (decision: CelValue): CheckResult => as(decision).result!;
const checkCost = (): number => 350_000;
const selectorCost = ([, text]: readonly CelValue[]): number => 10 + Math.ceil((text as string).length * 25.1);

const check = resourceCheckType.name;

/** `authorizer.group('apps').resource('deployments').namespace('x').check('create').allowed()` */
export const authorizer: Library = {
  types: [authorizerType, resourceCheckType, pathCheckType, groupCheckType, decisionType],
  functions: [
    [
      `${authorizerType.name}.path(string): ${pathCheckType.name}`,
      (value, path) => next(value, pathCheckType, { path: required('path', path) }),
    ],
    [
      `${authorizerType.name}.group(string): ${groupCheckType.name}`,
      (value, group) => next(value, groupCheckType, { attributes: { ...nothing, group: group as string } }),
    ],
    [
      `${authorizerType.name}.serviceAccount(string, string): ${authorizerType.name}`,
      (value, namespace, name) => serviceAccount(value, namespace as string, name as string),
    ],
    [
      `${groupCheckType.name}.resource(string): ${check}`,
      (value, resource) => withAttribute('resource')(value, required('resource', resource)),
    ],
    [`${check}.subresource(string): ${check}`, withAttribute('subresource')],
    [`${check}.namespace(string): ${check}`, withAttribute('namespace')],
    [`${check}.name(string): ${check}`, withAttribute('name')],
    [`${check}.fieldSelector(string): ${check}`, withAttribute('fieldSelector'), selectorCost],
    [`${check}.labelSelector(string): ${check}`, withAttribute('labelSelector'), selectorCost],
    [`${check}.check(string): ${decisionType.name}`, (value, verb) => decide(value, verb as string), checkCost],
    [
      `${pathCheckType.name}.check(string): ${decisionType.name}`,
      (value, verb) => decide(value, verb as string),
      checkCost,
    ],
    [`${decisionType.name}.errored(): bool`, (value) => resultOf(value).error !== ''],
    [`${decisionType.name}.error(): string`, (value) => resultOf(value).error],
    [`${decisionType.name}.allowed(): bool`, (value) => resultOf(value).allowed],
    [`${decisionType.name}.reason(): string`, (value) => resultOf(value).reason],
  ],
};
