/** Replaces what differs from server to server and from run to run, so that answers can be compared. */

const uid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const time = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z/g;
/** addresses of both servers' service ranges */
const address = /\b10\.(0\.0|96\.\d+)\.\d+\b(\/\d+)?/g;
const age = /^(\d+[smhd])+$|^<unknown>$/;
const texts: readonly (readonly [RegExp, string])[] = [
  [uid, '<uid>'],
  [/\bkube-api-access-[a-z0-9]{5}\b/g, 'kube-api-access-<random>'],
  [/\bgen-[a-z0-9]{5}\b/g, 'gen-<random>'],
  [time, '<time>'],
  [address, '<address>'],
  [/X509SHA256=[0-9a-f]{64}/g, 'X509SHA256=<hash>'],
  [/\b[23]\d{4}\b(?=: provided port)/g, '<port>'],
];

/** What stands for a struct, a list or a map in an error: releases print it differently. */
const shown = /((?:Invalid|Unsupported|Duplicate) value: )(?=[[{*(]|map\[|null|&?\w+\.\w+\{)/;

/** Where the value that begins at `from` ends: brackets and quotes are balanced. */
function valueEnd(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    const c = text[i] as string;
    if (c === '"') {
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++;
    } else if ('{[('.includes(c)) depth++;
    else if ('}])'.includes(c)) depth--;
    else if (depth <= 0 && (c === ':' || c === ',')) return i;
    if (depth < 0) return i;
  }
  return text.length;
}

/** One int-or-percent as 1.32 prints it: `intstr.IntOrString{Type:1, IntVal:0, StrVal:"25%"}` */
/** How both versions of an object differ, line by line: named by us, printed by a real server. */
const difference = /(immutable after creation[^\n"]*|pod updates may not change[^\n"]*)(\n|\\n)[^]*$/;

const intOrString = /intstr\.IntOrString\{Type:(\d), IntVal:(-?\d+), StrVal:("(?:[^"\\]|\\.)*")\}/g;

function withoutStructs(text: string): string {
  let rest = text.replaceAll(intOrString, (_, type: string, number: string, word: string) =>
    type === '0' ? number : word,
  );
  let out = '';
  for (let match = shown.exec(rest); match !== null; match = shown.exec(rest)) {
    const from = match.index + (match[1] ?? '').length;
    out += `${rest.slice(0, from)}<value>`;
    rest = rest.slice(valueEnd(rest, from));
  }
  return out + rest;
}

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

const varying: Readonly<Record<string, string>> = {
  resourceVersion: '<version>',
  nodePort: '<port>',
  healthCheckNodePort: '<port>',
};

/** Entries stand in the order of their times; two servers may be in different seconds. */
function sortedEntries(entries: unknown[]): unknown[] {
  const key = (entry: unknown): string => {
    const { operation, manager, apiVersion, subresource } = entry as Readonly<Record<string, string | undefined>>;
    return [operation, manager, apiVersion, subresource].join(' ');
  };
  return entries.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

export function normalize(value: unknown, withManagedFields = false): unknown {
  if (typeof value === 'string')
    return withoutStructs(texts.reduce((out, [from, to]) => out.replaceAll(from, to), value.replace(difference, '$1')));
  if (Array.isArray(value)) return value.map((item) => normalize(item, withManagedFields));
  if (!isObject(value)) return value;
  const entries: [string, unknown][] = [];
  for (const [key, item] of Object.entries(value)) {
    if (key === 'managedFields' && withManagedFields && Array.isArray(item)) {
      entries.push([key, sortedEntries(item.map((entry) => normalize(entry)))]);
      continue;
    }
    if (key === 'managedFields' || key === 'selfLink') continue;
    // a null creationTimestamp is what releases before 1.34 write where there is none
    if (item === null && key === 'creationTimestamp') continue;
    if (key === 'cells' && Array.isArray(item)) entries.push([key, item.map(cell)]);
    else if (key === 'description' && typeof item === 'string') entries.push([key, item.replaceAll(/\s+/g, ' ')]);
    else if (key === 'columnDefinitions' && Array.isArray(item))
      entries.push([key, item.map((column) => normalize(column))]);
    else if (varying[key] !== undefined && item !== '' && item !== 0) entries.push([key, varying[key]]);
    else entries.push([key, normalize(item, withManagedFields)]);
  }
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const cell = (value: unknown): unknown => (typeof value === 'string' && age.test(value) ? '<age>' : normalize(value));

/** Lines that say where two answers differ: `spec.replicas: 1, expected 2`. */
export function differences(found: unknown, expected: unknown, path = ''): string[] {
  if (Object.is(found, expected)) return [];
  const list = Array.isArray(found) && Array.isArray(expected);
  if (list || (isObject(found) && isObject(expected))) {
    const [a, b] = [found as Json, expected as Json];
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) =>
      differences(a[key], b[key], list ? `${path}[${key}]` : `${path}${path && '.'}${key}`),
    );
  }
  return [`${path}: ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`];
}
