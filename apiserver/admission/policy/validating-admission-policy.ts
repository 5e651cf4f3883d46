import { newForbidden, type StatusError } from '../../../api/meta/status.ts';
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../../api/types/admissionregistration-v1.ts';
import { groupResourceOf } from '../../endpoints/resource-request.ts';
import type { Authorizer, KubeObject, ObjectStore } from '../../pipeline.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts';
import { isExempt } from '../matching.ts';
import { hooksFor, nameOf, type Hook, type Invocation } from './invocations.ts';
import { authorizationOf, namespaceFor, subjectOf } from './policy-subject.ts';
import { compileValidatingPolicy, validateOnce, type Verdict } from './validating-program.ts';

type Policy = ValidatingAdmissionPolicy & KubeObject;
type Binding = ValidatingAdmissionPolicyBinding & KubeObject;

/** What refuses the request. */
interface Denial {
  readonly policy: Policy;
  readonly binding: Binding | undefined;
  readonly message: string;
  readonly reason: string;
}

const codes: Readonly<Record<string, number>> = {
  Forbidden: 403,
  Unauthorized: 401,
  RequestEntityTooLarge: 413,
  Invalid: 422,
};

/** how many failed validations the audit log is told of */
const auditedFailuresMax = 50;

/** Of the object, where the request names none. */
export const shownName = ({ name, object }: AdmissionRequest): string =>
  name || object?.metadata?.name || object?.metadata?.generateName || 'Unknown';

const refusal = (request: AdmissionRequest, { policy, binding, message, reason }: Denial): StatusError => {
  const through = binding === undefined ? '' : ` with binding '${nameOf(binding)}'`;
  const told = `ValidatingAdmissionPolicy '${nameOf(policy)}'${through} denied request: ${message}`;
  const error = newForbidden(groupResourceOf(request.entry), shownName(request), told);
  const { status } = error;
  status.reason = reason;
  status.code = codes[reason] ?? 422;
  status.details = { ...status.details, causes: [{ message: told }] };
  return error;
};

interface Failure {
  readonly message: string;
  readonly policy: string;
  readonly binding: string;
  readonly expressionIndex: number;
  readonly validationActions: readonly string[];
}

/** What came of one request so far. */
class Outcome {
  readonly denials: Denial[] = [];
  readonly #failures: Failure[] = [];
  readonly #annotations = new Map<string, string[]>();
  readonly #request: AdmissionRequest;

  constructor(request: AdmissionRequest) {
    this.#request = request;
  }

  add({ policy, binding }: Invocation<Policy, Binding>, verdict: Verdict): void {
    const actions = binding.spec?.validationActions ?? [];
    for (const [index, { message, reason }] of verdict.failures.entries()) {
      if (message === '') continue;
      for (const action of actions) {
        if (action === 'Deny') this.denials.push({ policy, binding, message, reason });
        else if (action === 'Warn') this.#warn(policy, binding, message);
        else if (action === 'Audit') {
          const expressionIndex = index;
          const names = { policy: nameOf(policy), binding: nameOf(binding) };
          this.#failures.push({ message, ...names, expressionIndex, validationActions: actions });
        }
      }
    }
    for (const { key, value, error } of verdict.annotations) {
      if (error !== '') this.denials.push({ policy, binding, message: error, reason: 'Invalid' });
      else this.#annotate(`${nameOf(policy)}/${key}`, value);
    }
  }

  #warn(policy: Policy, binding: Binding, message: string): void {
    const through = `ValidatingAdmissionPolicy '${nameOf(policy)}' with binding '${nameOf(binding)}'`;
    this.#request.warn?.(`Validation failed for ${through}: ${message}`);
  }

  #annotate(key: string, value: string): void {
    const known = this.#annotations.get(key) ?? [];
    if (!known.includes(value)) this.#annotations.set(key, [...known, value]);
  }

  publish(): void {
    for (const [key, values] of this.#annotations) this.#request.annotate?.(key, values.join(', '));
    if (this.#failures.length === 0) return;
    const told = JSON.stringify(this.#failures.slice(0, auditedFailuresMax));
    this.#request.annotate?.('validation.policy.admission.k8s.io/validation_failure', told);
  }
}

const resource = 'validatingadmissionpolicies';

/** ValidatingAdmissionPolicies: expressions that must hold for what is written. */
export const validatingAdmissionPolicy = (store: ObjectStore, authorizer: Authorizer): AdmissionPlugin => ({
  name: 'ValidatingAdmissionPolicy',
  async validate(request) {
    if (isExempt(request)) return;
    const hooks: Hook<Policy, Binding>[] = await hooksFor(
      resource,
      `validatingadmissionpolicybindings`,
      request,
      store,
    );
    if (hooks.length === 0) return;
    const outcome = new Outcome(request);
    const authorization = authorizationOf(authorizer, request);
    const namespace = await namespaceFor(request, store);
    for (const hook of hooks) {
      if ('message' in hook) {
        const { policy, binding, message } = hook;
        if (policy.spec?.failurePolicy !== 'Ignore')
          outcome.denials.push({ policy, binding, message, reason: 'Invalid' });
        continue;
      }
      const program = compileValidatingPolicy(hook.policy);
      const subject = subjectOf(request, hook.shown, namespace, authorization);
      for (const param of hook.params) {
        outcome.add(hook, await authorization.settle(() => validateOnce(program, subject, param)));
      }
    }
    outcome.publish();
    const [first] = outcome.denials;
    if (first !== undefined) throw refusal(request, first);
  },
});
