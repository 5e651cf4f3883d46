/** Flow schemas and priority levels. */
import { duplicate, forbidden, invalid, notSupported, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { semanticEqual } from '../meta/deep-equal.ts';
import { goQuote, goStrings, GoSyntax } from '../meta/go-text.ts';
import { isDns1123Label, nameIsDnsSubdomain } from '../meta/names.ts';
import { validateObjectMeta } from '../meta/object-meta.ts';
import type {
  FlowSchema,
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
  QueuingConfiguration,
  ResourcePolicyRule,
  Subject,
} from '../types/flowcontrol-v1.ts';
import { dnsLabel, dnsSubdomain, each } from './field-checks.ts';
import { mandatoryFlowSchemas, mandatoryPriorityLevels } from './flow-control-mandatory.ts';
import { kindEntry } from './kind-validation.ts';

const precedenceMax = 10_000;
const queuesMax = 10_000_000;
const hashBitsMax = 60;
const distinguishers = ['ByNamespace', 'ByUser'];
const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];
const roundTripAnnotation = 'flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares';

const inRange = (path: string, percent: number | undefined): FieldError[] =>
  percent === undefined || (percent >= 0 && percent <= 100)
    ? []
    : [invalid(path, percent, 'must be between 0 and 100, inclusive')];

const nonNegative = (path: string, value: number | undefined, why: string): FieldError[] =>
  (value ?? 0) < 0 ? [invalid(path, value, why)] : [];

/** A list that is `*` alone or names what it is of. */
function wildcardList(
  list: readonly string[] | undefined,
  path: string,
  missing: string,
  others: string,
): FieldError[] | 'named' {
  if (!list?.length) return [required(path, missing)];
  if (!list.includes('*')) return 'named';
  if (list.length === 1) return [];
  return [invalid(path, goStrings(list), `if '*' is present, must not specify other ${others}`)];
}

function validateVerbs(list: readonly string[] | undefined, path: string): FieldError[] {
  const errors = wildcardList(list, path, 'verbs must contain at least one value', 'verbs');
  if (errors !== 'named') return errors;
  return list?.every((verb) => verbs.includes(verb)) ? [] : [notSupported(path, goStrings(list), verbs)];
}

function urlProblem(url: string): string | undefined {
  if (url === '') return 'must not be empty';
  if (url === '/') return undefined;
  if (!url.startsWith('/')) return 'must start with slash';
  if (url.includes(' ')) return 'must not contain white-space';
  if (url.includes('//')) return 'must not contain double slash';
  const stars = url.split('*').length - 1;
  return stars > 1 || (stars === 1 && !url.endsWith('/*')) ? 'wildcard can only do suffix matching' : undefined;
}

function validateNonResourceRule(rule: NonResourcePolicyRule, path: string): FieldError[] {
  const at = `${path}.nonResourceURLs`;
  const missing = 'nonResourceURLs must contain at least one value';
  const urls = wildcardList(rule.nonResourceURLs, at, missing, 'non-resource URLs');
  return [
    ...validateVerbs(rule.verbs, `${path}.verbs`),
    ...(urls !== 'named'
      ? urls
      : each(rule.nonResourceURLs, at, (url, urlAt) => {
          const problem = urlProblem(url);
          return problem === undefined ? [] : [invalid(urlAt, url, problem)];
        })),
  ];
}

function validateNamespaces({ namespaces, clusterScope }: ResourcePolicyRule, at: string): FieldError[] {
  if (!namespaces?.length && clusterScope) return [];
  const missing = 'resource rules that are not cluster scoped must supply at least one namespace';
  const errors = wildcardList(namespaces, at, missing, 'namespaces');
  if (errors !== 'named') return errors;
  const intro = "each member of this list must be '*' or a DNS-1123 label; ";
  return each(namespaces, at, (namespace, namespaceAt) =>
    isDns1123Label(namespace).map((message) => invalid(namespaceAt, namespace, intro + message)),
  );
}

function validateResourceRule(rule: ResourcePolicyRule, path: string): FieldError[] {
  const listed = (list: readonly string[] | undefined, field: string, one: string, others: string): FieldError[] => {
    const missing = `resource rules must supply at least one ${one}`;
    const errors = wildcardList(list, `${path}.${field}`, missing, others);
    return errors === 'named' ? [] : errors;
  };
  return [
    ...validateVerbs(rule.verbs, `${path}.verbs`),
    ...listed(rule.apiGroups, 'apiGroups', 'api group', 'api groups'),
    ...listed(rule.resources, 'resources', 'resource', 'resources'),
    ...validateNamespaces(rule, `${path}.namespaces`),
  ];
}

const subjectFields: Readonly<Record<string, 'user' | 'group' | 'serviceAccount'>> = {
  ServiceAccount: 'serviceAccount',
  Group: 'group',
  User: 'user',
};

function validateServiceAccount(name: string, namespace: string, at: string): FieldError[] {
  const errors = name === '' ? [required(`${at}.name`)] : name === '*' ? [] : dnsSubdomain(`${at}.name`, name);
  if (namespace !== '') return [...errors, ...dnsLabel(`${at}.namespace`, namespace)];
  return [...errors, required(`${at}.namespace`, 'must specify namespace for service account')];
}

function validateSubject(subject: Subject, path: string): FieldError[] {
  const own = Object.hasOwn(subjectFields, subject.kind) ? subjectFields[subject.kind] : undefined;
  if (own === undefined) return [notSupported(`${path}.kind`, subject.kind, ['Group', 'ServiceAccount', 'User'])];
  const at = `${path}.${own}`;
  const { name = '', namespace = '' } = (subject[own] ?? {}) as { name?: string; namespace?: string };
  const errors: FieldError[] = [];
  if (!subject[own]) errors.push(required(at, `${own} is required when subject kind is '${subject.kind}'`));
  else if (own === 'serviceAccount') errors.push(...validateServiceAccount(name, namespace, at));
  else if (name === '') errors.push(required(`${at}.name`));
  for (const [kind, field] of Object.entries({ ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' })) {
    if (field === own || !subject[field as keyof Subject]) continue;
    errors.push(forbidden(`${path}.${field}`, `${field} is forbidden when subject kind is not '${kind}'`));
  }
  return errors;
}

function validateRule(rule: PolicyRulesWithSubjects, path: string): FieldError[] {
  const errors = rule.subjects?.length
    ? each(rule.subjects, `${path}.subjects`, validateSubject)
    : [required(`${path}.subjects`, 'subjects must contain at least one value')];
  if (!rule.resourceRules?.length && !rule.nonResourceRules?.length) {
    errors.push(required(path, 'at least one of resourceRules and nonResourceRules has to be non-empty'));
  }
  return [
    ...errors,
    ...each(rule.resourceRules, `${path}.resourceRules`, validateResourceRule),
    ...each(rule.nonResourceRules, `${path}.nonResourceRules`, validateNonResourceRule),
  ];
}

function validateSchemaSpec({ metadata, spec }: FlowSchema): FieldError[] {
  const at = 'spec.matchingPrecedence';
  const {
    matchingPrecedence: precedence = 0,
    distinguisherMethod: method,
    priorityLevelConfiguration: level,
  } = spec ?? {};
  const errors: FieldError[] = [];
  if (precedence <= 0) errors.push(invalid(at, precedence, 'must be a positive value'));
  if (precedence > precedenceMax) errors.push(invalid(at, precedence, `must not be greater than ${precedenceMax}`));
  if (precedence === 1 && metadata?.name !== 'exempt') {
    errors.push(invalid(at, precedence, "only the schema named 'exempt' may have matchingPrecedence 1"));
  }
  if (method && !distinguishers.includes(method.type)) {
    const shown = new GoSyntax(`flowcontrol.FlowDistinguisherMethod{Type:${goQuote(method.type)}}`);
    errors.push(notSupported('spec.distinguisherMethod.type', shown, distinguishers));
  }
  const levelAt = 'spec.priorityLevelConfiguration.name';
  if (level?.name) errors.push(...dnsSubdomain(levelAt, level.name));
  else errors.push(required(levelAt, 'must reference a priority level'));
  return [...errors, ...each(spec?.rules, 'spec.rules', validateRule)];
}

function validateConditions(status: { conditions?: { type?: string }[] } | undefined): FieldError[] {
  const types = new Set<string>();
  return each(status?.conditions, 'status.conditions', ({ type = '' }, at) => {
    const errors = types.has(type) ? [duplicate(`${at}.type`, type)] : [];
    types.add(type);
    return type === '' ? [...errors, required(`${at}.type`)] : errors;
  });
}

function validateFlowSchema(schema: FlowSchema): FieldError[] {
  const errors = [...validateObjectMeta(schema.metadata, false, nameIsDnsSubdomain), ...validateSchemaSpec(schema)];
  const name = schema.metadata?.name ?? '';
  const fixed = mandatoryFlowSchemas.get(name);
  if (fixed !== undefined && !semanticEqual(schema.spec, fixed)) {
    errors.push(invalid('spec', schema.spec, `spec of '${name}' must equal the fixed value`));
  }
  return [...errors, ...validateConditions(schema.status)];
}

function validateQueuing(queuing: QueuingConfiguration, path: string): FieldError[] {
  const { queues = 0, handSize = 0, queueLengthLimit = 0 } = queuing;
  const errors: FieldError[] = [];
  if (queueLengthLimit <= 0) errors.push(invalid(`${path}.queueLengthLimit`, queueLengthLimit, 'must be positive'));
  if (queues <= 0) errors.push(invalid(`${path}.queues`, queues, 'must be positive'));
  else if (queues > queuesMax) {
    errors.push(invalid(`${path}.queues`, queues, `must not be greater than ${queuesMax}`));
  }
  const at = `${path}.handSize`;
  const bits = Math.ceil(Math.log2(queues) * handSize);
  if (handSize <= 0) errors.push(invalid(at, handSize, 'must be positive'));
  else if (handSize > queues) errors.push(invalid(at, handSize, `should not be greater than queues (${queues})`));
  else if (bits > hashBitsMax) {
    const why =
      `required entropy bits of deckSize ${queues} and handSize ${handSize} ` +
      `should not be greater than ${hashBitsMax}`;
    errors.push(invalid(at, handSize, why));
  }
  return errors;
}

function validateResponse(response: LimitResponse | undefined, path: string): FieldError[] {
  const { type = '', queuing } = response ?? {};
  const at = `${path}.queuing`;
  if (type === 'Reject') {
    return queuing ? [forbidden(at, 'must be nil if limited.limitResponse.type is not Limited')] : [];
  }
  if (type === 'Queue') {
    if (queuing) return validateQueuing(queuing, at);
    return [required(at, 'must not be empty if limited.limitResponse.type is Limited')];
  }
  return type === '' ? [required(`${path}.type`)] : [notSupported(`${path}.type`, type, ['Queue', 'Reject'])];
}

const validateLimited = (limited: LimitedPriorityLevelConfiguration, path: string): FieldError[] => [
  ...nonNegative(
    `${path}.nominalConcurrencyShares`,
    limited.nominalConcurrencyShares,
    'must be a non-negative integer',
  ),
  ...validateResponse(limited.limitResponse, `${path}.limitResponse`),
  ...inRange(`${path}.lendablePercent`, limited.lendablePercent),
  ...nonNegative(
    `${path}.borrowingLimitPercent`,
    limited.borrowingLimitPercent,
    'if specified, must be a non-negative integer',
  ),
];

function validateLevelSpec({ metadata, spec }: PriorityLevelConfiguration): FieldError[] {
  const { type = '', limited, exempt } = spec ?? {};
  const errors: FieldError[] = [];
  if ((metadata?.name === 'exempt') !== (type === 'Exempt')) {
    errors.push(invalid('spec.type', type, "must be 'Exempt' if and only if `name` is 'exempt'"));
  }
  if (type === 'Exempt') {
    if (limited) errors.push(forbidden('spec.limited', 'must be nil if the type is not Limited'));
    if (!exempt) return errors;
    const at = 'spec.exempt.nominalConcurrencyShares';
    errors.push(
      ...nonNegative(at, exempt.nominalConcurrencyShares, 'must be a non-negative integer'),
      ...inRange('spec.exempt.lendablePercent', exempt.lendablePercent),
    );
  } else if (type === 'Limited') {
    if (exempt) errors.push(forbidden('spec.exempt', 'must be nil if the type is Limited'));
    if (limited) errors.push(...validateLimited(limited, 'spec.limited'));
    else errors.push(required('spec.limited', 'must not be empty when type is Limited'));
  } else errors.push(type === '' ? required('spec.type') : notSupported('spec.type', type, ['Exempt', 'Limited']));
  return errors;
}

/** The levels that everything rests on stay as they are, but for the shares of the exempt one. */
function validateMandatory({ metadata, spec }: PriorityLevelConfiguration): FieldError[] {
  const name = metadata?.name ?? '';
  const fixed = mandatoryPriorityLevels.get(name);
  if (fixed === undefined) return [];
  const exempt = name === 'exempt';
  const own = exempt ? { ...spec, exempt: fixed.exempt } : spec;
  if (semanticEqual(own, fixed)) return [];
  const apart = exempt ? " except the 'spec.exempt' field" : '';
  return [invalid('spec', spec, `spec of '${name}'${apart} must equal the fixed value`)];
}

function validatePriorityLevel(level: PriorityLevelConfiguration): FieldError[] {
  const errors = validateObjectMeta(level.metadata, false, nameIsDnsSubdomain);
  if (level.metadata?.annotations?.[roundTripAnnotation] !== undefined) {
    errors.push(forbidden('metadata.annotations', `annotation '${roundTripAnnotation}' is forbidden`));
  }
  return [...errors, ...validateLevelSpec(level), ...validateMandatory(level), ...validateConditions(level.status)];
}

export const flowControlKinds = [
  kindEntry<FlowSchema>('flowcontrol.apiserver.k8s.io/FlowSchema', {
    create: validateFlowSchema,
    update: validateFlowSchema,
    statusUpdate: ({ status }) => validateConditions(status),
  }),
  kindEntry<PriorityLevelConfiguration>('flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration', {
    create: validatePriorityLevel,
    update: validatePriorityLevel,
    statusUpdate: ({ status }) => validateConditions(status),
  }),
];
