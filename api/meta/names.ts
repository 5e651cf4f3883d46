/**
 * What names, label keys and label values may look like. Each check returns the messages of what is wrong, worded as
 * Kubernetes words them; an empty list means fine.
 */
const dns1123Label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const underscoredLabel = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const dns1123Subdomain = `${dns1123Label}(\\.${dns1123Label})*`;
const wildcardSubdomain = `\\*\\.${dns1123Subdomain}`;
const dns1035Label = '[a-z]([-a-z0-9]*[a-z0-9])?';
const qualifiedName = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValue = `(${qualifiedName})?`;
const configMapKey = '[-._a-zA-Z0-9]+';
const envVarName = '[-._a-zA-Z][-._a-zA-Z0-9]*';
const percent = '[0-9]+%';
const httpHeaderName = '[-A-Za-z0-9]+';

export const dns1123LabelMaxLength = 63;
export const dns1123SubdomainMaxLength = 253;

const alphanumericEnds = 'and must start and end with an alphanumeric character';

export const maxLenMessage = (length: number): string => `must be no more than ${length} characters`;
export const rangeMessage = (low: number, high: number): string => `must be between ${low} and ${high}, inclusive`;

/** Kubernetes' form: `(e.g. 'a',  or 'b', regex used for validation is '…')`, two spaces included */
export function regexMessage(message: string, format: string, ...examples: string[]): string {
  if (examples.length === 0) return `${message} (regex used for validation is '${format}')`;
  const shown = examples.map((e) => `'${e}', `).join(' or ');
  return `${message} (e.g. ${shown}regex used for validation is '${format}')`;
}

const byteLength = (text: string): number => {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // a surrogate pair has two units and four bytes
    if (code > 0x7f) bytes += code > 0x7ff && (code < 0xd800 || code > 0xdfff) ? 2 : 1;
  }
  return bytes;
};
export { byteLength };

const full = (format: string): RegExp => new RegExp(`^(?:${format})$`);
const dns1123LabelRegex = full(dns1123Label);
const underscoredLabelRegex = full(underscoredLabel);
const dns1123SubdomainRegex = full(dns1123Subdomain);
const wildcardSubdomainRegex = full(wildcardSubdomain);
const dns1035LabelRegex = full(dns1035Label);
const qualifiedNameRegex = full(qualifiedName);
const labelValueRegex = full(labelValue);
const configMapKeyRegex = full(configMapKey);
const envVarNameRegex = full(envVarName);
const percentRegex = full(percent);
const httpHeaderNameRegex = full(httpHeaderName);

export function isDns1123Label(value: string): string[] {
  const errors = byteLength(value) > dns1123LabelMaxLength ? [maxLenMessage(dns1123LabelMaxLength)] : [];
  if (dns1123LabelRegex.test(value)) return errors;
  if (dns1123SubdomainRegex.test(value)) return [...errors, 'must not contain dots'];
  const what = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', ${alphanumericEnds}`;
  return [...errors, regexMessage(what, dns1123Label, 'my-name', '123-abc')];
}

export function isDns1123Subdomain(value: string): string[] {
  const errors = byteLength(value) > dns1123SubdomainMaxLength ? [maxLenMessage(dns1123SubdomainMaxLength)] : [];
  if (errors.length === 0 && dns1123SubdomainRegex.test(value)) return errors;
  if (errors.length > 0 && value.split('.').every((part) => dns1123LabelRegex.test(part))) return errors;
  const what = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', ${alphanumericEnds}`;
  return [...errors, regexMessage(what, dns1123Subdomain, 'example.com')];
}

/** Search domains of resolvers may have underscores. */
export function isDns1123SubdomainWithUnderscore(value: string): string[] {
  const errors = byteLength(value) > dns1123SubdomainMaxLength ? [maxLenMessage(dns1123SubdomainMaxLength)] : [];
  if (value.split('.').every((part) => underscoredLabelRegex.test(part))) return errors;
  const what = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', ${alphanumericEnds}`;
  return [...errors, regexMessage(what, `${underscoredLabel}(\\.${underscoredLabel})*`, 'example.com')];
}

/** `*.example.com` */
export function isWildcardDns1123Subdomain(value: string): string[] {
  const errors = byteLength(value) > dns1123SubdomainMaxLength ? [maxLenMessage(dns1123SubdomainMaxLength)] : [];
  if (wildcardSubdomainRegex.test(value)) return errors;
  const what =
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of " +
    "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
  return [...errors, regexMessage(what, wildcardSubdomain, '*.example.com')];
}

export function isDns1035Label(value: string): string[] {
  const errors = byteLength(value) > 63 ? [maxLenMessage(63)] : [];
  if (dns1035LabelRegex.test(value)) return errors;
  const what =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, " +
    'and end with an alphanumeric character';
  return [...errors, regexMessage(what, dns1035Label, 'my-name', 'abc-123')];
}

/** `[prefix/]name`: label keys, annotation keys (lower-cased first), finalizers, taint keys, condition types */
export function isQualifiedName(value: string): string[] {
  const parts = value.split('/');
  const name = parts.length === 2 ? (parts[1] as string) : (parts[0] as string);
  const what = `must consist of alphanumeric characters, '-', '_' or '.', ${alphanumericEnds}`;
  const message = regexMessage(what, qualifiedName, 'MyName', 'my.name', '123-abc');
  if (parts.length > 2) {
    // 1.32 has no "a valid label key" in front
    return [`a qualified name ${message} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const errors: string[] = [];
  if (parts.length === 2) {
    const prefix = parts[0] as string;
    if (prefix === '') errors.push('prefix part must be non-empty');
    else errors.push(...isDns1123Subdomain(prefix).map((m) => `prefix part ${m}`));
  }
  if (name === '') errors.push('name part must be non-empty');
  else if (byteLength(name) > 63) errors.push(`name part ${maxLenMessage(63)}`);
  if (!qualifiedNameRegex.test(name)) errors.push(`name part ${message}`);
  return errors;
}

export function isLabelValue(value: string): string[] {
  const errors = byteLength(value) > 63 ? [maxLenMessage(63)] : [];
  if (labelValueRegex.test(value)) return errors;
  const what = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', ${alphanumericEnds}`;
  return [...errors, regexMessage(what, labelValue, 'MyValue', 'my_value', '12345')];
}

/** `..` and names that begin so would leave the directory a ConfigMap is mounted at. */
function dotErrors(value: string): string[] {
  if (value === '.') return ["must not be '.'"];
  if (value === '..') return ["must not be '..'"];
  return value.startsWith('..') ? ["must not start with '..'"] : [];
}

export function isConfigMapKey(value: string): string[] {
  const errors = byteLength(value) > 253 ? [maxLenMessage(253)] : [];
  if (!configMapKeyRegex.test(value)) {
    const what = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    errors.push(regexMessage(what, configMapKey, 'key.name', 'KEY_NAME', 'key-name'));
  }
  return [...errors, ...dotErrors(value)];
}

/** Since 1.34 any printable ASCII but `=`. */
export function isEnvVarName(value: string): string[] {
  if (value === '') return ['environment variable name must be non-empty'];
  return /^[\x20-\x3c\x3e-\x7e]+$/.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

export function isStrictEnvVarName(value: string): string[] {
  const what =
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit";
  const errors = envVarNameRegex.test(value)
    ? []
    : [regexMessage(what, envVarName, 'my.env-name', 'MY_ENV.NAME', 'MyEnvName1')];
  return [...errors, ...dotErrors(value)];
}

export const isPercent = (value: string): string[] =>
  percentRegex.test(value)
    ? []
    : [regexMessage("a valid percent string must be a numeric string followed by an ending '%'", percent, '1%', '93%')];

export const isHttpHeaderName = (value: string): string[] =>
  httpHeaderNameRegex.test(value)
    ? []
    : [
        regexMessage(
          "a valid HTTP header must consist of alphanumeric characters or '-'",
          httpHeaderName,
          'X-Header-Name',
        ),
      ];

export const isPortNumber = (port: number): string[] => (port >= 1 && port <= 65535 ? [] : [rangeMessage(1, 65535)]);

export const isInRange = (value: number, low: number, high: number): string[] =>
  value >= low && value <= high ? [] : [rangeMessage(low, high)];

/** IANA_SVC_NAME, as ports are named */
export function isPortName(value: string): string[] {
  const errors: string[] = [];
  if (byteLength(value) > 15) errors.push(maxLenMessage(15));
  if (!/^[-a-z0-9]+$/.test(value)) {
    errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(value)) errors.push('must contain at least one letter (a-z)');
  if (value.includes('--')) errors.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) errors.push('must not begin or end with a hyphen');
  return errors;
}

/** Checks a name, or with `prefix` a generateName, whose end is not yet known. */
export type NameCheck = (name: string, prefix: boolean) => string[];

/** A generated suffix follows the prefix, so an ending hyphen is fine there. */
const maskTrailingDash = (name: string): string =>
  name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name;

const named =
  (check: (name: string) => string[]): NameCheck =>
  (name, prefix) =>
    check(prefix ? maskTrailingDash(name) : name);

export const nameIsDnsSubdomain: NameCheck = named(isDns1123Subdomain);
export const nameIsDnsLabel: NameCheck = named(isDns1123Label);
export const nameIsDns1035Label: NameCheck = named(isDns1035Label);

/** RBAC and the like: whatever fits one segment of a path */
export const nameIsPathSegment: NameCheck = (name) => {
  if (name === '.' || name === '..') return [`may not be '${name}'`];
  return ['/', '%'].filter((c) => name.includes(c)).map((c) => `may not contain '${c}'`);
};
