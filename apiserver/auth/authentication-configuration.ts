/** Reads an AuthenticationConfiguration (apiserver.config.k8s.io): issuers of JSON Web Tokens, and who may be anonymous. */
import { fieldsOf, listOf, textOf } from '../configuration-fields.ts';
import type { AnonymousSettings } from './anonymous.ts';
import { CelExpression } from './cel-conditions.ts';
import type { JwtSettings, Mapping, ValidationRule } from './jwt-authenticator.ts';

export const signingAlgorithms = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512'];
const versions = ['v1', 'v1beta1', 'v1alpha1'].map((version) => `apiserver.config.k8s.io/${version}`);
const issuersMax = 64;

export interface AuthenticationSettings {
  readonly jwt: readonly JwtSettings[];
  readonly anonymous: AnonymousSettings | undefined;
}

function required(value: unknown, path: string, why = ''): string {
  const text = textOf(value);
  if (text === '') throw new Error(`${path}: Required value${why === '' ? '' : `: ${why}`}`);
  return text;
}

function expressionAt(text: string, variable: string, path: string): CelExpression {
  try {
    return new CelExpression(text, variable);
  } catch (error) {
    throw new Error(`${path}: Invalid value: ${JSON.stringify(text)}: ${error instanceof Error ? error.message : ''}`, {
      cause: error,
    });
  }
}

/** From a claim or from an expression, and not from both. */
function mappingOf(value: unknown, path: string, isPrefixed: boolean): Mapping | undefined {
  const { claim, expression, prefix } = fieldsOf(value);
  if (claim && expression) throw new Error(`${path}: Invalid value: "": claim and expression can't both be set`);
  if (expression) {
    if (typeof prefix === 'string')
      throw new Error(`${path}.prefix: Invalid value: "${prefix}": prefix can't be set when expression is set`);
    return { expression: expressionAt(textOf(expression), 'claims', `${path}.expression`) };
  }
  if (!claim) return undefined;
  if (isPrefixed && typeof prefix !== 'string') {
    throw new Error(
      `${path}.prefix: Required value: prefix is required when claim is set. It can be set to an empty string to disable prefixing`,
    );
  }
  return { claim: textOf(claim), ...(isPrefixed && { prefix: textOf(prefix) }) };
}

function issuerUrl(value: unknown, path: string, taken: ReadonlySet<string>): string {
  const url = required(value, path, 'URL is required');
  const bad = (why: string): Error => new Error(`${path}: Invalid value: "${url}": ${why}`);
  if (!URL.canParse(url)) throw bad('not a URL');
  const { protocol, username, search, hash } = new URL(url);
  if (protocol !== 'https:') throw bad('URL scheme must be https');
  if (username !== '') throw bad('URL must not contain a username or password');
  if (search !== '') throw bad('URL must not contain a query');
  if (hash !== '') throw bad('URL must not contain a fragment');
  if (taken.has(url)) throw new Error(`${path}: Duplicate value: "${url}"`);
  return url;
}

function rulesOf(value: unknown, path: string, variable: 'claims' | 'user'): ValidationRule[] {
  return listOf(value).flatMap((rule, i) => {
    const { expression, message } = fieldsOf(rule);
    if (variable === 'claims' && !expression) return [];
    const at = `${path}[${i}].expression`;
    return [{ expression: expressionAt(required(expression, at), variable, at), message: textOf(message) }];
  });
}

const requiredClaimsOf = (value: unknown): Map<string, string> =>
  new Map(
    listOf(value)
      .map(fieldsOf)
      .filter(({ claim }) => textOf(claim) !== '')
      .map(({ claim, requiredValue }) => [textOf(claim), textOf(requiredValue)]),
  );

function extraOf(value: unknown, path: string): JwtSettings['extra'] {
  return listOf(value).map((each, i) => {
    const { key, valueExpression } = fieldsOf(each);
    const name = required(key, `${path}[${i}].key`);
    const bad = (why: string): Error => new Error(`${path}[${i}].key: Invalid value: "${name}": ${why}`);
    if (name !== name.toLowerCase()) throw bad('extra mapping key must be lowercase');
    if (!name.includes('/')) throw bad('must be a domain-prefixed path (such as "acme.io/foo")');
    if (/(^|\.)k(ubernete|8)s\.io\//.test(name)) {
      throw bad('k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use');
    }
    const at = `${path}[${i}].valueExpression`;
    return { key: name, expression: expressionAt(required(valueExpression, at), 'claims', at) };
  });
}

function jwtOf(value: unknown, path: string, taken: Set<string>): JwtSettings {
  const { issuer, claimMappings, claimValidationRules, userValidationRules } = fieldsOf(value);
  const { url, discoveryURL, certificateAuthority, audiences } = fieldsOf(issuer);
  const mappings = fieldsOf(claimMappings);
  const own = issuerUrl(url, `${path}.issuer.url`, taken);
  taken.add(own);
  const wanted = listOf(audiences).map(textOf);
  if (wanted.length === 0)
    throw new Error(`${path}.issuer.audiences: Required value: at least one jwt.issuer.audiences is required`);
  const at = `${path}.claimMappings`;
  const username = mappingOf(mappings['username'], `${at}.username`, true);
  if (username === undefined) throw new Error(`${at}.username: Required value: claim or expression is required`);
  const discovery = textOf(discoveryURL);
  const [groups, uid] = [
    mappingOf(mappings['groups'], `${at}.groups`, true),
    mappingOf(mappings['uid'], `${at}.uid`, false),
  ];
  return {
    issuer: own,
    ...(discovery !== '' && { discoveryUrl: issuerUrl(discovery, `${path}.issuer.discoveryURL`, new Set([own])) }),
    ...(textOf(certificateAuthority) !== '' && { ca: textOf(certificateAuthority) }),
    audiences: wanted,
    algorithms: signingAlgorithms,
    username,
    ...(groups && { groups }),
    ...(uid && { uid }),
    extra: extraOf(mappings['extra'], `${at}.extra`),
    requiredClaims: requiredClaimsOf(claimValidationRules),
    claimRules: rulesOf(claimValidationRules, `${path}.claimValidationRules`, 'claims'),
    userRules: rulesOf(userValidationRules, `${path}.userValidationRules`, 'user'),
  };
}

function anonymousOf(value: unknown): AnonymousSettings | undefined {
  if (value === undefined || value === null) return undefined;
  const { enabled, conditions } = fieldsOf(value);
  const paths = listOf(conditions).map((condition) => textOf(fieldsOf(condition)['path']));
  if (enabled !== true && paths.length > 0) {
    throw new Error('anonymous.conditions: Invalid value: enabled should be set to true when conditions are defined');
  }
  return { enabled: enabled === true, ...(paths.length > 0 && { paths }) };
}

/** Throws an Error in Kubernetes' words. */
export function readAuthenticationConfiguration(document: unknown): AuthenticationSettings {
  const { apiVersion, kind, jwt, anonymous } = fieldsOf(document);
  if (kind !== 'AuthenticationConfiguration' || !versions.includes(textOf(apiVersion))) {
    throw new Error(`no kind "${textOf(kind)}" is registered for version "${textOf(apiVersion)}"`);
  }
  const all = listOf(jwt);
  if (all.length > issuersMax) throw new Error(`jwt: Too many: ${all.length}: must have at most ${issuersMax} items`);
  const taken = new Set<string>();
  return { jwt: all.map((each, i) => jwtOf(each, `jwt[${i}]`, taken)), anonymous: anonymousOf(anonymous) };
}
