import { duplicate, invalid, notSupported, required, type FieldError } from '../meta/field-error.ts';
import { deepEqual } from '../meta/deep-equal.ts';
import { validateLabelSelector } from '../meta/labels.ts';
import { isDns1035Label, isDns1123Subdomain, isPortNumber, nameIsDnsSubdomain } from '../meta/names.ts';
import { validateObjectMeta } from '../meta/object-meta.ts';
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ServiceReference,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
  WebhookClientConfig,
} from '../types/admissionregistration-v1.ts';
import {
  failurePolicies,
  matchPolicies,
  reinvocationPolicies,
  validateMatchConditions,
  validateRule,
} from './admission-rules.ts';
import { each, oneOfIfSet } from './field-checks.ts';
import { kindEntry } from './kind-validation.ts';

type Webhook = ValidatingWebhook | MutatingWebhook;
type Configuration = ValidatingWebhookConfiguration | MutatingWebhookConfiguration;

const reviewVersions = ['v1', 'v1beta1'];
const harmless = ['None', 'NoneOnDryRun'];
const sideEffectClasses = ['None', 'NoneOnDryRun', 'Some', 'Unknown'];

/** What configurations that were there before may go on doing. */
interface Leniency {
  readonly sideEffects: boolean;
  readonly versions: boolean;
  readonly names: boolean;
  readonly selectors: boolean;
  readonly conditions: boolean;
}

const strict: Leniency = { sideEffects: false, versions: false, names: false, selectors: false, conditions: false };

const fullyQualified = (path: string, name: string | undefined): FieldError[] => {
  if (!name) return [required(path)];
  const problems = isDns1123Subdomain(name);
  if (problems.length > 0) return [invalid(path, name, problems.join(','))];
  if (name.split('.').length >= 3) return [];
  return [invalid(path, name, 'should be a domain with at least three segments separated by dots')];
};

const form = '; desired format: https://host[/path]';

const urlPattern =
  /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/(?:([^/?#]*)@)?([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;

const validateUrl = (path: string, url: string): FieldError[] => {
  const [, scheme = '', user, host = '', , query = '', fragment = ''] = urlPattern.exec(url) ?? [];
  return [
    ...(scheme === 'https' ? [] : [invalid(path, scheme, `'https' is the only allowed URL scheme${form}`)]),
    ...(host === '' ? [invalid(path, host, `host must be specified${form}`)] : []),
    ...(user === undefined ? [] : [invalid(path, user, 'user information is not permitted in the URL')]),
    ...(fragment === '' ? [] : [invalid(path, fragment, 'fragments are not permitted in the URL')]),
    ...(query === '' ? [] : [invalid(path, query, 'query parameters are not permitted in the URL')]),
  ];
};

const validateServicePath = (path: string, urlPath: string): FieldError[] => {
  if (urlPath === '/' || urlPath === '') return [];
  if (urlPath === '//') return [invalid(path, urlPath, 'segment[0] may not be empty')];
  const steps = urlPath.slice(1).replace(/\/$/, '').split('/');
  return [
    ...(urlPath.startsWith('/') ? [] : [invalid(path, urlPath, "must start with a '/'")]),
    ...steps.flatMap((step, index) =>
      step === ''
        ? [invalid(path, urlPath, `segment[${index}] may not be empty`)]
        : isDns1123Subdomain(step).map((problem) => invalid(path, urlPath, `segment[${index}]: ${problem}`)),
    ),
  ];
};

const validateService = (path: string, { name, namespace, path: urlPath, port }: ServiceReference): FieldError[] => {
  const portProblems = isPortNumber(port ?? 0);
  return [
    ...(name ? [] : [required(`${path}.name`)]),
    ...(namespace ? [] : [required(`${path}.namespace`)]),
    ...(portProblems.length > 0
      ? [invalid(`${path}.port`, port ?? 0, `port is not valid: ${portProblems.join(', ')}`)]
      : []),
    ...(urlPath === undefined ? [] : validateServicePath(`${path}.path`, urlPath)),
  ];
};

const validateClientConfig = (path: string, { url, service }: WebhookClientConfig): FieldError[] => {
  if ((url === undefined) === (service === undefined)) {
    return [required(path, 'exactly one of url or service is required')];
  }
  return service === undefined ? validateUrl(`${path}.url`, url ?? '') : validateService(`${path}.service`, service);
};

const validateReviewVersions = (path: string, versions: readonly string[], lenient: boolean): FieldError[] => {
  if (versions.length === 0) return [required(path, `must specify one of ${reviewVersions.join(', ')}`)];
  const seen = new Set<string>();
  const errors = each(versions, path, (version, at) => {
    if (seen.has(version)) return [invalid(at, version, 'duplicate version')];
    seen.add(version);
    return isDns1035Label(version).map((problem) => invalid(at, version, problem));
  });
  if (!lenient && !versions.some((version) => reviewVersions.includes(version))) {
    errors.push(invalid(path, versions, `must include at least one of ${reviewVersions.join(', ')}`));
  }
  return errors;
};

const validateSideEffects = (path: string, sideEffects: string | null | undefined, lenient: boolean): FieldError[] => {
  const allowed = lenient ? sideEffectClasses : harmless;
  if (!sideEffects) return [required(path, `must specify one of ${allowed.join(', ')}`)];
  return allowed.includes(sideEffects) ? [] : [notSupported(path, sideEffects, allowed)];
};

const validateTimeout = (path: string, seconds: number | undefined): FieldError[] =>
  seconds !== undefined && (seconds < 1 || seconds > 30)
    ? [invalid(path, seconds, 'the timeout value must be between 1 and 30 seconds')]
    : [];

const validateWebhook = (webhook: Webhook, path: string, lenient: Leniency): FieldError[] => [
  ...fullyQualified(`${path}.name`, webhook.name),
  ...each(webhook.rules, `${path}.rules`, validateRule),
  ...oneOfIfSet(`${path}.failurePolicy`, webhook.failurePolicy, failurePolicies),
  ...oneOfIfSet(`${path}.matchPolicy`, webhook.matchPolicy, matchPolicies),
  ...validateSideEffects(`${path}.sideEffects`, webhook.sideEffects, lenient.sideEffects),
  ...validateTimeout(`${path}.timeoutSeconds`, webhook.timeoutSeconds),
  ...(lenient.selectors
    ? []
    : [
        ...validateLabelSelector(webhook.namespaceSelector, `${path}.namespaceSelector`),
        ...validateLabelSelector(webhook.objectSelector, `${path}.objectSelector`),
      ]),
  ...('reinvocationPolicy' in webhook
    ? oneOfIfSet(`${path}.reinvocationPolicy`, webhook.reinvocationPolicy, reinvocationPolicies)
    : []),
  ...validateClientConfig(`${path}.clientConfig`, webhook.clientConfig ?? {}),
  ...(lenient.conditions ? [] : validateMatchConditions(webhook.matchConditions, false, `${path}.matchConditions`)),
];

/** JSON may say null, which is none. */
const versionsOf = ({ admissionReviewVersions }: Webhook): readonly string[] => admissionReviewVersions ?? [];

const validateAll = (configuration: Configuration, lenient: Leniency): FieldError[] => {
  const seen = new Set<string>();
  return [
    ...validateObjectMeta(configuration.metadata, false, nameIsDnsSubdomain),
    ...each<Webhook>(configuration.webhooks, 'webhooks', (webhook, path) => {
      const { name } = webhook;
      const repeated = !lenient.names && name && seen.has(name) ? [duplicate(`${path}.name`, name)] : [];
      seen.add(name);
      return [
        ...validateWebhook(webhook, path, lenient),
        ...validateReviewVersions(`${path}.admissionReviewVersions`, versionsOf(webhook), lenient.versions),
        ...repeated,
      ];
    }),
  ];
};

const conditionsOf = ({ webhooks }: Configuration): unknown[] =>
  (webhooks ?? []).map(({ matchConditions = [] }) => matchConditions);

const leniencyFor = (configuration: Configuration, old: Configuration): Leniency => {
  const webhooks: readonly Webhook[] = old.webhooks ?? [];
  const names = webhooks.map(({ name }) => name);
  const knowsVersion = (webhook: Webhook): boolean =>
    versionsOf(webhook).length === 0 || versionsOf(webhook).some((version) => reviewVersions.includes(version));
  const badSelector = ({ namespaceSelector, objectSelector }: Webhook): boolean =>
    validateLabelSelector(namespaceSelector, '').length + validateLabelSelector(objectSelector, '').length > 0;
  return {
    sideEffects: !webhooks.every(({ sideEffects }) => sideEffects !== undefined && harmless.includes(sideEffects)),
    versions: !webhooks.every(knowsVersion),
    names: new Set(names).size !== names.length,
    selectors: webhooks.some(badSelector),
    conditions: deepEqual(conditionsOf(configuration), conditionsOf(old)),
  };
};

const validation = {
  create: (configuration: Configuration) => validateAll(configuration, strict),
  update: (configuration: Configuration, old: Configuration) =>
    validateAll(configuration, leniencyFor(configuration, old)),
};

export const admissionWebhookKinds = [
  kindEntry<Configuration>('admissionregistration.k8s.io/ValidatingWebhookConfiguration', validation),
  kindEntry<Configuration>('admissionregistration.k8s.io/MutatingWebhookConfiguration', validation),
];
