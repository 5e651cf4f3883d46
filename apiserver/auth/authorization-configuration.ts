/** Reads an AuthorizationConfiguration (apiserver.config.k8s.io): who is asked for rights, in which order. */
import { fieldsOf, listOf, textOf } from '../configuration-fields.ts';
import { anyDecimal, goDurationMs } from '../../base/go-duration.ts';
import type { WebhookTarget } from '../transport/webhook-client.ts';
import { authorizationModes, type AuthorizationMode, type AuthorizerSetting } from './authorizers.ts';
import { CelConditions } from './cel-conditions.ts';
import type { AuthorizationWebhookSettings } from './webhook-authorizer.ts';

const versions = ['v1', 'v1beta1', 'v1alpha1'].map((version) => `apiserver.config.k8s.io/${version}`);
const webhookTimeoutMsMax = 30_000;

function duration(value: unknown, path: string, fallback: string | undefined): number {
  const text = textOf(value) || fallback;
  if (text === undefined) throw new Error(`${path}: Required value`);
  const ms = text === '0' ? 0 : goDurationMs(text, anyDecimal);
  if (ms === undefined || ms < 0) throw new Error(`${path}: Invalid value: "${text}": must be a duration`);
  return ms;
}

function oneOf<T extends string>(value: unknown, choices: readonly T[], path: string): T {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  const supported = choices.map((choice) => `"${choice}"`).join(', ');
  if (!value) throw new Error(`${path}: Required value`);
  throw new Error(`${path}: Unsupported value: ${JSON.stringify(value)}: supported values: ${supported}`);
}

function conditionsOf(value: unknown, path: string): CelConditions | undefined {
  const expressions = listOf(value).map((each, i) => {
    const text = textOf(fieldsOf(each)['expression']);
    if (text === '') throw new Error(`${path}[${i}].expression: Required value`);
    return text;
  });
  if (expressions.length === 0) return undefined;
  try {
    return new CelConditions(expressions, 'request');
  } catch (error) {
    throw new Error(`${path}: Invalid value: ${error instanceof Error ? error.message : ''}`, { cause: error });
  }
}

function webhookOf(
  name: string,
  value: unknown,
  path: string,
  targetIn: (kubeconfig: string) => WebhookTarget,
): AuthorizationWebhookSettings {
  const fields = fieldsOf(value);
  const timeoutMs = duration(fields['timeout'], `${path}.timeout`, undefined);
  if (timeoutMs === 0 || timeoutMs > webhookTimeoutMsMax) {
    throw new Error(`${path}.timeout: Invalid value: "${textOf(fields['timeout'])}": must be > 0s and <= 30s`);
  }
  const { type, kubeConfigFile } = fieldsOf(fields['connectionInfo']);
  oneOf(type, ['KubeConfigFile'], `${path}.connectionInfo.type`);
  const file = textOf(kubeConfigFile);
  if (file === '') throw new Error(`${path}.connectionInfo.kubeConfigFile: Required value`);
  const conditions = conditionsOf(fields['matchConditions'], `${path}.matchConditions`);
  if (conditions !== undefined) {
    oneOf(
      fields['matchConditionSubjectAccessReviewVersion'],
      ['v1'],
      `${path}.matchConditionSubjectAccessReviewVersion`,
    );
  }
  const isCached = (key: string): boolean => fields[key] !== false;
  return {
    name,
    target: targetIn(file),
    version: oneOf(fields['subjectAccessReviewVersion'], ['v1', 'v1beta1'], `${path}.subjectAccessReviewVersion`),
    authorizedTtlMs: isCached('cacheAuthorizedRequests')
      ? duration(fields['authorizedTTL'], `${path}.authorizedTTL`, '5m')
      : 0,
    unauthorizedTtlMs: isCached('cacheUnauthorizedRequests')
      ? duration(fields['unauthorizedTTL'], `${path}.unauthorizedTTL`, '30s')
      : 0,
    timeoutMs,
    failurePolicy: oneOf(fields['failurePolicy'], ['NoOpinion', 'Deny'], `${path}.failurePolicy`),
    ...(conditions && { conditions }),
  };
}

const isMode = (type: string): type is AuthorizationMode => authorizationModes.some((mode) => mode === type);

/** `targetIn` reads a kubeconfig. Throws an Error in Kubernetes' words. */
export function readAuthorizationConfiguration(
  document: unknown,
  targetIn: (kubeconfig: string) => WebhookTarget,
): AuthorizerSetting[] {
  const { apiVersion, kind, authorizers } = fieldsOf(document);
  if (kind !== 'AuthorizationConfiguration' || !versions.includes(textOf(apiVersion))) {
    throw new Error(`no kind "${textOf(kind)}" is registered for version "${textOf(apiVersion)}"`);
  }
  const all = listOf(authorizers);
  if (all.length === 0) throw new Error('authorizers: Required value: at least one authorization mode must be defined');
  const [names, types] = [new Set<string>(), new Set<string>()];
  return all.map((each, i) => {
    const path = `authorizers[${i}]`;
    const { type: typeField, name: nameField, webhook } = fieldsOf(each);
    const [type, name] = [textOf(typeField), textOf(nameField)];
    if (type === '') throw new Error(`${path}.type: Required value`);
    if (name === '') throw new Error(`${path}.name: Required value`);
    if (names.has(name)) throw new Error(`${path}.name: Duplicate value: "${name}"`);
    names.add(name);
    if (type === 'Webhook') return { webhook: webhookOf(name, webhook, `${path}.webhook`, targetIn) };
    if (!isMode(type)) throw new Error(`${path}.type: Unsupported value: "${type}"`);
    if (types.has(type)) throw new Error(`${path}.type: Duplicate value: "${type}"`);
    types.add(type);
    return type;
  });
}
