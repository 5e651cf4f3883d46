/** Field selectors (`spec.nodeName=a,status.phase!=Failed`): which fields each kind can be selected by, and matching. */
import { SelectorError } from './labels.ts';

export interface FieldRequirement {
  /** the field in the words of the kind it is stored as */
  readonly field: string;
  readonly equals: boolean;
  readonly value: string;
}

export interface FieldMatcher {
  matches(object: unknown): boolean;
  readonly requirements: readonly FieldRequirement[];
  readonly empty: boolean;
  /** the value that `field` must have, where the selector asks for exactly one; finds `metadata.name=x` */
  exact(field: string): string | undefined;
  toString(): string;
}

/** Reads a path of names; '' where there is nothing. */
function read(object: unknown, path: string): string {
  let at: unknown = object;
  for (const name of path.split('.')) {
    if (at === null || typeof at !== 'object' || !Object.hasOwn(at, name)) return '';
    at = (at as Record<string, unknown>)[name];
  }
  return typeof at === 'string' || typeof at === 'number' || typeof at === 'boolean' ? String(at) : '';
}

type Reader = (object: unknown) => string;
const path =
  (name: string): Reader =>
  (object) =>
    read(object, name);
const bool =
  (name: string): Reader =>
  (object) =>
    read(object, name) || 'false';
const either =
  (...names: string[]): Reader =>
  (object) => {
    for (const name of names) {
      const value = read(object, name);
      if (value !== '') return value;
    }
    return '';
  };

const paths = (...names: string[]): Record<string, Reader> => Object.fromEntries(names.map((n) => [n, path(n)]));
const metadata = paths('metadata.name', 'metadata.namespace');

const podIPs: Reader = (object) => {
  const list = (object as { status?: { podIPs?: { ip?: string }[] } }).status?.podIPs ?? [];
  return list.map((entry) => entry.ip ?? '').join(',');
};

const eventParts = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];
const eventSubject = (name: string): Record<string, Reader> =>
  Object.fromEntries(
    eventParts.map((part) => [`${name}.${part}`, either(`involvedObject.${part}`, `regarding.${part}`)]),
  );

/** Kind (`group/Kind`) → field → how to read it. Kinds not here have their name and namespace only. */
const selectable: Record<string, Record<string, Reader>> = {
  '/Pod': {
    ...metadata,
    ...paths('spec.nodeName', 'spec.restartPolicy', 'spec.schedulerName', 'spec.serviceAccountName'),
    ...paths('status.phase', 'status.podIP', 'status.nominatedNodeName'),
    'spec.hostNetwork': bool('spec.hostNetwork'),
    'status.podIPs': podIPs,
    'spec.host': path('spec.nodeName'),
  },
  '/Node': { ...paths('metadata.name'), 'spec.unschedulable': bool('spec.unschedulable') },
  '/Namespace': paths('metadata.name', 'status.phase'),
  '/Secret': { ...metadata, ...paths('type') },
  '/Service': { ...metadata, ...paths('spec.clusterIP', 'spec.type') },
  '/ReplicationController': { ...metadata, ...paths('status.replicas') },
  '/Event': {
    ...metadata,
    ...eventSubject('involvedObject'),
    ...paths('reason', 'type'),
    reportingComponent: either('reportingComponent', 'reportingController'),
    source: either('source.component', 'deprecatedSource.component', 'reportingComponent', 'reportingController'),
  },
  'events.k8s.io/Event': {
    ...metadata,
    ...eventSubject('regarding'),
    ...paths('reason', 'type'),
    reportingController: either('reportingController', 'reportingComponent'),
  },
  'apps/StatefulSet': { ...metadata, ...paths('status.successful') },
  'batch/Job': { ...metadata, 'status.successful': (o) => read(o, 'status.succeeded') || '0' },
  'certificates.k8s.io/CertificateSigningRequest': paths('metadata.name', 'spec.signerName'),
};

/** Backslashes let `,` and `=` stand in values. */
function splitTerms(selector: string): string[] {
  return (selector.match(/(?:\\[^]|[^\\,])+\\?|\\/g) ?? []).filter((term) => term !== '');
}

function unescapeValue(text: string): string {
  let value = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (c === '\\') {
      const next = text[++i];
      if (next !== '\\' && next !== ',' && next !== '=') {
        throw new SelectorError(`invalid field selector: invalid escape sequence: \\${next ?? ''}`);
      }
      value += next;
    } else if (c === '=' || c === ',') {
      throw new SelectorError(`invalid field selector: unescaped character in value: ${c.charCodeAt(0)}`);
    } else value += c;
  }
  return value;
}

/** `paths`: what a custom kind's objects can be selected by, beside their name. */
function readerOf(group: string, kind: string, field: string, paths?: readonly string[]): Reader {
  if (paths !== undefined) {
    if (!paths.includes(field)) throw new SelectorError(`field label not supported: ${field}`);
    return path(field);
  }
  const known = `${group}/${kind}`;
  const fields = Object.hasOwn(selectable, known) ? selectable[known] : undefined;
  if (fields !== undefined) {
    const reader = Object.hasOwn(fields, field) ? fields[field] : undefined;
    if (reader === undefined) throw new SelectorError(`field label not supported: ${field}`);
    return reader;
  }
  if (!Object.hasOwn(metadata, field)) {
    throw new SelectorError(
      `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
    );
  }
  return metadata[field] as Reader;
}

const escapeValue = (value: string): string => value.replaceAll(/[\\,=]/g, (c) => `\\${c}`);

/** Reads `fieldSelector=` for that kind; throws SelectorError with Kubernetes' words. */
export function parseFieldSelector(
  selector: string,
  of: { group: string; kind: string },
  selectablePaths?: readonly string[],
): FieldMatcher {
  const parsed = splitTerms(selector)
    .sort()
    .map((term) => {
      const match = /^(.*?)(!=|==|=)([^]*)$/.exec(term);
      if (match === null) throw new SelectorError(`invalid selector: '${selector}'; can't understand '${term}'`);
      const [, field = '', operator, value = ''] = match;
      const requirement = { field, equals: operator !== '!=', value: unescapeValue(value) };
      return { requirement, reader: readerOf(of.group, of.kind, field, selectablePaths) };
    });
  const requirements = parsed.map((p) => p.requirement);
  return {
    matches: (object) => parsed.every((p) => (p.reader(object) === p.requirement.value) === p.requirement.equals),
    requirements,
    empty: requirements.length === 0,
    exact: (field) => requirements.find((r) => r.field === field && r.equals)?.value,
    toString: () => requirements.map((r) => `${r.field}${r.equals ? '=' : '!='}${escapeValue(r.value)}`).join(','),
  };
}
