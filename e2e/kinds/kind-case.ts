/** Answers so far, by title: a later request may need a uid or a version of an earlier one. */
export type Seen = (title: string) => Record<string, unknown>;

export interface KindCase {
  /** says what is sent; unique in its group */
  readonly title: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `{ns}` stands for the group's own namespace */
  readonly path: string;
  readonly body?: unknown;
  /** instead of `body`, where it depends on earlier answers */
  readonly bodyOf?: (seen: Seen) => unknown;
  /** default `application/json` */
  readonly contentType?: string;
  readonly accept?: string;
}

/** Cases that are sent in order, in a namespace of their own with a service account `default`. */
export interface KindGroup {
  readonly name: string;
  /** compared only where they are what the group is about */
  readonly managedFields?: boolean;
  /** what its definitions define is there a moment after them */
  readonly waitsForDefinitions?: boolean;
  readonly cases: readonly KindCase[];
}

/** What a server said, with what varies from server to server replaced. */
export interface KindAnswer {
  readonly title: string;
  readonly status: number;
  readonly warnings?: readonly string[];
  readonly body: unknown;
}

type Json = Record<string, unknown>;
/** Path → another value. */
export type Changes = Readonly<Record<string, unknown>>;

/**
 * A copy of `base` with other values at some paths: `{ 'spec.containers.0.name': '' }`. `undefined` takes the field
 * away. Dots in a name are written `\.`. What is missing on the way is made.
 */
export function changed<T extends object>(base: T, changes: Changes): T {
  const copy = structuredClone(base);
  for (const [path, value] of Object.entries(changes)) {
    const names = path.split(/(?<!\\)\./).map((name) => name.replaceAll('\\.', '.'));
    const last = names.pop() ?? '';
    let at = copy as Json;
    for (const [i, name] of names.entries()) {
      at[name] ??= /^\d+$/.test(names[i + 1] ?? last) ? [] : {};
      at = at[name] as Json;
    }
    if (value === undefined) delete at[last];
    else at[last] = structuredClone(value);
  }
  return copy;
}

const slug = (title: string): string =>
  title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 40);

const nameOf = (body: object): string | undefined => (body as { metadata?: { name?: string } }).metadata?.name;

/** Cases of one resource: `/apis/batch/v1/namespaces/{ns}/jobs`. */
export class ResourceCases {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** The body gets a name of the title where it has none. */
  create(title: string, body: object, query = ''): KindCase {
    const named = nameOf(body) === undefined ? changed(body, { 'metadata.name': slug(title) }) : body;
    return { title, method: 'POST', path: this.#path + query, body: named };
  }

  /** One create a row, each of `base` with its changes: bad values one by one. */
  creates(base: object, rows: Readonly<Record<string, Changes>>): KindCase[] {
    return Object.entries(rows).map(([title, changes]) => this.create(title, changed(base, changes)));
  }

  get(title: string, name: string, accept?: string): KindCase {
    return { title, method: 'GET', path: `${this.#path}/${name}`, ...(accept && { accept }) };
  }

  /** As kubectl asks. */
  table(title: string, name = ''): KindCase {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    return { title, method: 'GET', path: this.#path + (name && `/${name}`), accept };
  }

  /** PUT of the answer to `of` with changes; the version is left out, so that it is always the newest. */
  put(title: string, of: string, changes: Changes, subresource = ''): KindCase {
    return {
      title,
      method: 'PUT',
      path: `${this.#path}/${slug(of)}${subresource && `/${subresource}`}`,
      bodyOf: (seen) => changed(seen(of), { 'metadata.resourceVersion': undefined, ...changes }),
    };
  }

  /** One PUT a row, of the answer to `of` with the row's changes. */
  puts(of: string, rows: Readonly<Record<string, Changes>>, subresource = ''): KindCase[] {
    return Object.entries(rows).map(([title, changes]) => this.put(title, of, changes, subresource));
  }

  /** A merge patch. */
  patch(title: string, name: string, body: object, subresource = ''): KindCase {
    const path = `${this.#path}/${name}${subresource && `/${subresource}`}`;
    return { title, method: 'PATCH', path, body, contentType: 'application/merge-patch+json' };
  }

  delete(title: string, name: string, body?: object): KindCase {
    return { title, method: 'DELETE', path: `${this.#path}/${name}`, ...(body && { body }) };
  }
}
