/** The variables of expressions on one request: made when they are first asked for. */
import { EvaluationError } from '../../api/cel/errors.ts';
import { evaluate } from '../../api/cel/cel.ts';
import { fromJson } from '../../api/cel/json-values.ts';
import {
  authorizerValue,
  resourceCheckValue,
  type Check,
  type CheckResult,
} from '../../api/cel/libraries/authorizer.ts';
import { valueOf } from '../../api/cel/schema-values.ts';
import { structType } from '../../api/cel/types.ts';
import { CelObject, type CelValue } from '../../api/cel/values.ts';
import type { Authorizer, KubeObject, RequestInfo, User } from '../pipeline.ts';
import type { ResourceEntry } from '../registry/resource-entry.ts';
import { namespaceShape, type Expression } from '../../api/cel/admission-environment.ts';
import type { Budget } from './expression-budget.ts';
import type { AdmissionRequest } from './admission.ts';
import { namespaceOf } from './matching.ts';
import { reviewRequest } from './review-request.ts';

/** The authorizer answers later: the expression is run again then, with the answer at hand. */
class Pending {
  readonly done: Promise<void>;

  constructor(done: Promise<void>) {
    this.done = done;
  }
}

/** as many checks as one request may make: each costs a third of what an expression may */
const checksMax = 64;

const infoOf = (check: Check): RequestInfo => {
  if ('path' in check) {
    const none = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '' };
    return { isResourceRequest: false, verb: check.verb, path: check.path, ...none };
  }
  const { group, resource, subresource, namespace, name, verb } = check;
  return { isResourceRequest: true, verb, path: '', group, version: '*', resource, subresource, namespace, name };
};

const userOf = (check: Check, user: User): User => {
  if (check.serviceAccount === undefined) return user;
  const { namespace, name } = check.serviceAccount;
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
  return { name: `system:serviceaccount:${namespace}:${name}`, groups };
};

const anonymous: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/** Remembers the answers of an authorizer for one request. */
export class Authorization {
  readonly #authorizer: Authorizer;
  readonly #user: User;
  readonly #answers = new Map<string, CheckResult>();

  constructor(authorizer: Authorizer, user: User | undefined) {
    this.#authorizer = authorizer;
    this.#user = user ?? anonymous;
  }

  /** Answers what is known; throws Pending for what is not. */
  readonly check = (check: Check): CheckResult => {
    const key = JSON.stringify(check);
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    if (this.#answers.size >= checksMax) throw new EvaluationError(`more than ${checksMax} authorization checks`);
    throw new Pending(this.#ask(key, check));
  };

  async #ask(key: string, check: Check): Promise<void> {
    try {
      const { allowed, reason } = await this.#authorizer.authorize(userOf(check, this.#user), infoOf(check));
      this.#answers.set(key, { allowed, reason, error: '' });
    } catch (error) {
      this.#answers.set(key, { allowed: false, reason: '', error: error instanceof Error ? error.message : '' });
    }
  }

  /** Runs `work` until no answer is missing. It must not do anything but compute. */
  async settle<T>(work: () => T): Promise<T> {
    for (;;) {
      try {
        return work();
      } catch (error) {
        if (!(error instanceof Pending)) throw error;
        await error.done;
      }
    }
  }
}

export interface Subject {
  readonly request: AdmissionRequest;
  /** in whose words the request is told */
  readonly shown: ResourceEntry;
  /** in these words */
  readonly object: KubeObject | undefined;
  readonly old: KubeObject | undefined;
  readonly namespace: KubeObject | undefined;
  readonly authorization: Authorization | undefined;
}

const withUid = (namespace: KubeObject): unknown => {
  const { metadata = {}, spec, status } = namespace;
  return {
    metadata: { ...metadata, UID: metadata.uid },
    ...(spec !== undefined && { spec }),
    ...(status !== undefined && { status }),
  };
};

/** The variables that all expressions on a request share. */
export class Activation {
  readonly #subject: Subject;
  readonly #values = new Map<string, CelValue | undefined>();

  constructor(subject: Subject) {
    this.#subject = subject;
  }

  readonly variable = (name: string): CelValue | undefined => {
    if (!this.#values.has(name)) this.#values.set(name, this.#make(name));
    return this.#values.get(name);
  };

  #make(name: string): CelValue | undefined {
    const { request, shown, object, old, namespace, authorization } = this.#subject;
    switch (name) {
      case 'object':
        return object === undefined ? null : fromJson(object);
      case 'oldObject':
        return old === undefined ? null : fromJson(old);
      case 'request':
        return fromJson(reviewRequest(request, shown));
      case 'namespaceObject':
        return namespace === undefined ? null : valueOf(namespaceShape, withUid(namespace));
      case 'authorizer':
        return authorization && authorizerValue(authorization.check);
      case 'authorizer.requestResource': {
        const { group, resource } = request.entry.info;
        const { subresource } = request;
        const attributes = { group, resource, subresource, namespace: namespaceOf(request), name: request.name };
        return authorization && resourceCheckValue(authorization.check, attributes);
      }
      default:
        return undefined;
    }
  }
}

const variablesType = structType('kubernetes.variables');

/** `variables.x`: each computed once, when it is first used, at the expense of the same budget. */
export class PolicyVariables extends CelObject {
  readonly type = variablesType;
  readonly #expressions: ReadonlyMap<string, Expression>;
  readonly #outer: (name: string) => CelValue | undefined;
  readonly #budget: Budget;
  readonly #known = new Map<string, { value: CelValue } | { error: EvaluationError }>();

  constructor(
    expressions: ReadonlyMap<string, Expression>,
    outer: (name: string) => CelValue | undefined,
    budget: Budget,
  ) {
    super();
    this.#expressions = expressions;
    this.#outer = outer;
    this.#budget = budget;
  }

  get(field: string): CelValue | undefined {
    const expression = this.#expressions.get(field);
    if (expression === undefined) return undefined;
    const known = this.#known.get(field) ?? this.#compute(field, expression);
    this.#known.set(field, known);
    if ('error' in known) throw known.error;
    return known.value;
  }

  has(field: string): boolean {
    return this.#expressions.has(field);
  }

  fields(): Iterable<string> {
    return this.#expressions.keys();
  }

  #compute(field: string, { program, error }: Expression): { value: CelValue } | { error: EvaluationError } {
    const fail = (what: string): { error: EvaluationError } => ({
      error: new EvaluationError(`composited variable "${field}" ${what}`),
    });
    if (program === undefined) return fail(`fails to compile: ${error}`);
    const outcome = evaluate(program, (name) => (name === 'variables' ? this : this.#outer(name)));
    this.#budget.spend(outcome.cost);
    return 'error' in outcome ? fail(`fails to evaluate: ${outcome.error.message}`) : { value: outcome.value };
  }
}
