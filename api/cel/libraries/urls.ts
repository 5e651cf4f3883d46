import type { Library } from '../environment.ts';
import { EvaluationError } from '../errors.ts';
import { opaqueType } from '../types.ts';
import { ArrayList, CelOpaque, EntryMap, type CelValue } from '../values.ts';
import { traversal } from './costs.ts';

const urlType = opaqueType('kubernetes.URL');

interface Parts {
  readonly scheme: string;
  /** with its port */
  readonly host: string;
  readonly path: string;
  readonly query: string;
}

class UrlValue extends CelOpaque {
  readonly type = urlType;
  readonly text: string;
  readonly parts: Parts;

  constructor(text: string, parts: Parts) {
    super();
    this.text = text;
    this.parts = parts;
  }
  equals(other: CelOpaque): boolean {
    return other instanceof UrlValue && this.text === other.text;
  }
}

/** An absolute URL, or a path that begins with a slash: what Go's url.ParseRequestURI takes. */
const split = (text: string): Parts | undefined => {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (text === '' || /[\u0000-\u001f\u007f ]/.test(text)) return undefined;
  const found = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?]*))?([^?]*)(?:\?(.*))?$/s.exec(text);
  if (found === null) return undefined;
  const [, scheme = '', authority, path = '', query = ''] = found;
  if (scheme === '' && !text.startsWith('/')) return undefined;
  if (/%(?![0-9a-fA-F]{2})/.test(`${authority ?? ''}${path}`)) return undefined;
  const host = (authority ?? '').replace(/^.*@/, '');
  if (host.startsWith('[') ? !/^\[[^\]]*\](?::\d*)?$/.test(host) : !/^[^:]*(?::\d*)?$/.test(host)) return undefined;
  return { scheme: scheme.toLowerCase(), host, path, query };
};

export const isUrl = (text: string): boolean => split(text) !== undefined;

const parse = (text: string): UrlValue => {
  const parts = split(text);
  if (parts === undefined) {
    throw new EvaluationError(
      `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
    );
  }
  return new UrlValue(text, parts);
};

const partsOf = (value: CelValue): Parts => (value as UrlValue).parts;

const hostname = (host: string): string =>
  host.startsWith('[') ? host.slice(1, host.indexOf(']')) : host.replace(/:\d*$/, '');
const port = (host: string): string => /:(\d*)$/.exec(host.replace(/^\[[^\]]*\]/, ''))?.[1] ?? '';

const escapePath = (path: string): string =>
  path.replaceAll(/[^A-Za-z0-9\-._~$&+,/:;=@!'()*[\]%]/gu, (char) => encodeURIComponent(char));

const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
};

const queryOf = (query: string): EntryMap => {
  const values = new Map<string, string[]>();
  for (const pair of query.split('&')) {
    if (pair === '' || pair.includes(';')) continue;
    const [rawKey = '', ...rest] = pair.split('=');
    const key = decode(rawKey);
    const value = decode(rest.join('='));
    if (key === undefined || value === undefined) continue;
    values.set(key, [...(values.get(key) ?? []), value]);
  }
  const entries = Array.from(values, ([key, list]) => [`s${key}`, [key, new ArrayList(list)] as const] as const);
  return new EntryMap(new Map(entries));
};

/** `url("https://host:80/path?a=b").getHost()` */
export const urls: Library = {
  types: [urlType],
  functions: [
    ['url(string): kubernetes.URL', (text) => parse(text as string), traversal()],
    ['isURL(string): bool', (text) => isUrl(text as string), traversal()],
    ['kubernetes.URL.getScheme(): string', (url) => partsOf(url).scheme],
    ['kubernetes.URL.getHost(): string', (url) => partsOf(url).host],
    ['kubernetes.URL.getHostname(): string', (url) => hostname(partsOf(url).host)],
    ['kubernetes.URL.getPort(): string', (url) => port(partsOf(url).host)],
    ['kubernetes.URL.getEscapedPath(): string', (url) => escapePath(partsOf(url).path)],
    ['kubernetes.URL.getQuery(): map<string, list<string>>', (url) => queryOf(partsOf(url).query)],
  ],
};
