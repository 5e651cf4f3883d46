import { forbidden, invalid, notSupported, required, type FieldError } from '../meta/field-error.ts';
import { goStrings } from '../meta/go-text.ts';
import { isDns1035Label, isDns1123Subdomain, isPortNumber } from '../meta/names.ts';
import type { CustomResourceConversion, ServiceReference, WebhookClientConfig } from '../types/apiextensions-v1.ts';

const reviewVersions: readonly string[] = ['v1', 'v1beta1'];
const strategies: readonly string[] = ['None', 'Webhook'];
const urlForm = '; desired format: https://host[/path]';

export interface ConversionRules {
  /** some version of the review that this server speaks must be named */
  readonly needsKnownReview: boolean;
  /** of an established definition: certificates that are none would break it */
  readonly checksCaBundle: boolean;
}

/** `spec.conversion`; fields as Kubernetes' internal form names them. */
export function validateConversion(
  conversion: CustomResourceConversion | undefined,
  path: string,
  rules: ConversionRules,
): FieldError[] {
  if (conversion === undefined) return [];
  const { strategy, webhook } = conversion;
  const errors: FieldError[] = [];
  if (!strategy) errors.push(required(`${path}.strategy`));
  else if (!strategies.includes(strategy)) errors.push(notSupported(`${path}.strategy`, strategy, strategies));
  const versions = webhook?.conversionReviewVersions ?? [];
  if (strategy === 'Webhook') {
    return [
      ...errors,
      ...validateClient(webhook?.clientConfig, `${path}.webhookClientConfig`, rules.checksCaBundle),
      ...validateReviewVersions(versions, `${path}.conversionReviewVersions`, rules.needsKnownReview),
    ];
  }
  const why = 'should not be set when strategy is not set to Webhook';
  if (webhook?.clientConfig !== undefined) errors.push(forbidden(`${path}.webhookClientConfig`, why));
  if (versions.length > 0) errors.push(forbidden(`${path}.conversionReviewVersions`, why));
  return errors;
}

function validateClient(client: WebhookClientConfig | undefined, path: string, checksCaBundle: boolean): FieldError[] {
  if (client === undefined) return [required(path, 'required when strategy is set to Webhook')];
  const { url, service, caBundle } = client;
  const errors: FieldError[] = [];
  if ((url === undefined) === (service === undefined)) {
    errors.push(required(path, 'exactly one of url or service is required'));
  } else if (url !== undefined) errors.push(...validateWebhookUrl(url, `${path}.url`));
  else if (service !== undefined) errors.push(...validateService(service, `${path}.service`));
  if (checksCaBundle && caBundle && !isCaBundle(caBundle)) {
    errors.push(
      invalid(`${path}.caBundle`, caBundle, 'unable to load root certificates: unable to parse bytes as PEM block'),
    );
  }
  return errors;
}

/** Whether it holds a certificate in PEM; blank counts as none at all. */
export function isCaBundle(base64: string): boolean {
  let text: string;
  try {
    text = atob(base64);
  } catch {
    return false;
  }
  return text.trim() === '' || /-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=]+-----END CERTIFICATE-----/.test(text);
}

function validateWebhookUrl(text: string, path: string): FieldError[] {
  if (/[\s]|%(?![0-9a-fA-F]{2})/.test(text)) {
    return [required(path, `url must be a valid URL: parse ${JSON.stringify(text)}: invalid URL${urlForm}`)];
  }
  const match = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/.exec(text);
  const [, scheme = '', authority = '', , query = '', fragment = ''] = match ?? [];
  const at = authority.lastIndexOf('@');
  const host = authority.slice(at + 1);
  const errors: FieldError[] = [];
  if (scheme !== 'https') {
    errors.push(invalid(path, scheme, `'https' is the only allowed URL scheme${urlForm}`));
  }
  if (host === '') errors.push(invalid(path, host, `host must be specified${urlForm}`));
  if (at >= 0) errors.push(invalid(path, authority.slice(0, at), 'user information is not permitted in the URL'));
  if (fragment !== '') errors.push(invalid(path, fragment, 'fragments are not permitted in the URL'));
  if (query !== '') errors.push(invalid(path, query, 'query parameters are not permitted in the URL'));
  return errors;
}

function validateService(service: ServiceReference, path: string): FieldError[] {
  const errors: FieldError[] = [];
  // Kubernetes takes the one for the other here.
  if (!service.name) errors.push(required(`${path}.namespace`));
  if (!service.namespace) errors.push(required(`${path}.name`));
  const port = service.port ?? 443;
  const wrong = isPortNumber(port);
  if (wrong.length > 0) errors.push(invalid(`${path}.port`, port, `port is not valid: ${wrong.join(', ')}`));
  const { path: urlPath } = service;
  if (!urlPath || urlPath === '/') return errors;
  const refuse = (why: string): void => void errors.push(invalid(`${path}.path`, urlPath, why));
  if (urlPath === '//') refuse('segment[0] may not be empty');
  else {
    if (!urlPath.startsWith('/')) refuse("must start with a '/'");
    for (const [i, segment] of urlPath.slice(1).replace(/\/$/, '').split('/').entries()) {
      if (segment === '') refuse(`segment[${i}] may not be empty`);
      else for (const message of isDns1123Subdomain(segment)) refuse(`segment[${i}]: ${message}`);
    }
  }
  return errors;
}

function validateReviewVersions(versions: readonly string[], path: string, needsKnown: boolean): FieldError[] {
  if (versions.length === 0) return [required(path)];
  const errors: FieldError[] = [];
  for (const [i, version] of versions.entries()) {
    const at = `${path}[${i}]`;
    if (versions.indexOf(version) < i) errors.push(invalid(at, version, 'duplicate version'));
    else errors.push(...isDns1035Label(version).map((message) => invalid(at, version, message)));
  }
  if (needsKnown && !versions.some((version) => reviewVersions.includes(version))) {
    errors.push(invalid(path, goStrings(versions), 'must include at least one of v1, v1beta1'));
  }
  return errors;
}

export const namesKnownReview = (versions: readonly string[]): boolean =>
  versions.length === 0 || versions.some((version) => reviewVersions.includes(version));
