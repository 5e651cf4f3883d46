import { deepEqual } from '../../../api/meta/deep-equal.ts';
import { newForbidden, type StatusError } from '../../../api/meta/status.ts';
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
} from '../../../api/types/admissionregistration-v1.ts';
import { completed } from '../../endpoints/object-preparation.ts';
import { groupResourceOf } from '../../endpoints/resource-request.ts';
import type { Authorizer, KubeObject, ObjectStore } from '../../pipeline.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts';
import type { Authorization } from '../evaluation.ts';
import { inVersion, isExempt, replaceContents } from '../matching.ts';
import { hooksFor, nameOf, type Hook, type Invocation } from './invocations.ts';
import { compileMutatingPolicy, conditionsOf, mutateOnce } from './mutating-program.ts';
import { authorizationOf, namespaceFor, subjectOf } from './policy-subject.ts';
import { shownName } from './validating-admission-policy.ts';

type Policy = MutatingAdmissionPolicy & KubeObject;
type Binding = MutatingAdmissionPolicyBinding & KubeObject;

const pluginName = 'MutatingAdmissionPolicy';

const told = (policy: Policy, binding: Binding | undefined, message: string): string =>
  binding === undefined
    ? `policy "${nameOf(policy)}" denied request: ${message}`
    : `policy '${nameOf(policy)}' with binding '${nameOf(binding)}' denied request: ${message}`;

interface Problem {
  readonly text: string;
  readonly reason: string;
}

/** The first problem is the answer; all are its causes. */
const refusal = (request: AdmissionRequest, problems: readonly Problem[]): StatusError => {
  const [first] = problems;
  const error = newForbidden(groupResourceOf(request.entry), shownName(request), '');
  const { status } = error;
  status.message = first!.text;
  if (first!.reason !== '') status.reason = first!.reason;
  status.details = { ...status.details, causes: problems.map(({ text }) => ({ message: text })) };
  return error;
};

interface Run {
  readonly request: AdmissionRequest;
  readonly namespace: KubeObject | undefined;
  readonly authorization: Authorization;
}

/** Runs one policy through one binding with one parameter; '' or what is wrong. */
const invoke = async (
  run: Run,
  { policy, binding, shown }: Invocation<Policy, Binding>,
  param: KubeObject | undefined,
): Promise<string> => {
  const { request, namespace, authorization } = run;
  const program = compileMutatingPolicy(policy);
  const subject = () => subjectOf(request, shown, namespace, authorization);
  const match = await authorization.settle(() => conditionsOf(program, subject(), param));
  if ('error' in match) return policy.spec?.failurePolicy === 'Ignore' ? '' : match.error;
  if (!match.matches || request.object === undefined) return '';
  const key = `${pluginName}/${nameOf(policy)}/${nameOf(binding)}/${param?.metadata?.namespace ?? ''}/${param?.metadata?.name ?? ''}`;
  if (request.reinvocation?.skips(key)) return '';
  const before = structuredClone(request.object);
  let problem = '';
  for (const mutation of program.mutations) {
    const result = await authorization.settle(() => mutateOnce(program, mutation, subject(), param));
    if ('error' in result) {
      problem ||= result.error;
      continue;
    }
    const next = inVersion(result.object, shown, request.entry);
    completed(request.entry, next);
    replaceContents(request.object, next);
  }
  if (!deepEqual(before, request.object)) request.reinvocation?.changed(pluginName);
  if (policy.spec?.reinvocationPolicy === 'IfNeeded') request.reinvocation?.mayRunAgain(pluginName, key);
  return problem;
};

const resource = 'mutatingadmissionpolicies';

/** MutatingAdmissionPolicies: expressions that say what is to be changed. */
export const mutatingAdmissionPolicy = (store: ObjectStore, authorizer: Authorizer): AdmissionPlugin => ({
  name: pluginName,
  async mutate(request) {
    if (isExempt(request)) return;
    const hooks: Hook<Policy, Binding>[] = await hooksFor(resource, 'mutatingadmissionpolicybindings', request, store);
    if (hooks.length === 0) return;
    request.reinvocation?.begins(pluginName, request.object);
    const run = {
      request,
      namespace: await namespaceFor(request, store),
      authorization: authorizationOf(authorizer, request),
    };
    const problems: Problem[] = [];
    const note = (policy: Policy, binding: Binding | undefined, message: string, reason: string): void => {
      if (policy.spec?.failurePolicy !== 'Ignore') problems.push({ text: told(policy, binding, message), reason });
    };
    for (const hook of hooks) {
      if ('message' in hook) {
        note(hook.policy, hook.binding, hook.message, '');
        continue;
      }
      for (const param of hook.params) {
        const problem = await invoke(run, hook, param);
        if (problem !== '') note(hook.policy, hook.binding, problem, 'Invalid');
      }
    }
    request.reinvocation?.ends(pluginName, request.object);
    if (problems.length > 0) throw refusal(request, problems);
  },
});
