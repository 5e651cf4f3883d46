/**
 * YAML as sigs.k8s.io/yaml reads it: the first document, as JSON values; YAML 1.1 words (yes, on, y) are booleans, 0644 is
 * octal, times stay text.
 */
import { isMap, isScalar, LineCounter, parseAllDocuments, visit } from 'yaml';
import type { CollectionTag, Document, ScalarTag, Tags } from 'yaml';
import { setOwn } from '../meta/clone.ts';
import { JsonSyntaxError, nestingMax } from './json-scanner.ts';

/** aliases may expand to this many nodes for each that is written */
const aliasesMax = 100;

/** Tags of YAML 1.1 that go-yaml does not resolve from plain text: times and sexagesimal numbers stay as they are. */
const keepsText = (tag: CollectionTag | ScalarTag): boolean =>
  tag.tag === 'tag:yaml.org,2002:timestamp' || ('format' in tag && tag.format === 'TIME');

/** YAML 1.2's octal, which go-yaml reads too */
const newOctal: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^[-+]?0o[0-7_]+$/,
  resolve: (text) => parseInt(text.replaceAll('_', '').replace('0o', ''), 8),
};

export interface ParsedYaml {
  value: unknown;
  /** `line 3: key "a" already set in map`; the last one was kept */
  duplicates: string[];
}

/** Throws JsonSyntaxError with a `yaml: …` message. */
export function parseYaml(text: string): ParsedYaml {
  const lines = new LineCounter();
  try {
    const documents = parseAllDocuments(text, {
      version: '1.1',
      merge: true,
      uniqueKeys: false,
      lineCounter: lines,
      logLevel: 'silent',
      customTags: (tags): Tags => [newOctal, ...tags.filter((tag) => typeof tag === 'string' || !keepsText(tag))],
    });
    const document = Array.isArray(documents) ? documents[0] : undefined;
    if (document === undefined) return { value: null, duplicates: [] };
    const error = document.errors[0];
    if (error !== undefined) {
      const line = error.linePos?.[0].line;
      const where = line === undefined ? '' : `line ${line}: `;
      throw new JsonSyntaxError(`yaml: ${where}${parserWords(error.message)}`);
    }
    const value = jsonValue(document.toJS({ maxAliasCount: aliasesMax }), 0);
    return { value, duplicates: duplicateKeys(document, lines) };
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw error;
    if (error instanceof RangeError) throw new JsonSyntaxError('yaml: exceeded max depth', { cause: error });
    if (error instanceof ReferenceError) throw new JsonSyntaxError(`yaml: ${aliasWords(error)}`, { cause: error });
    throw error;
  }
}

const aliasWords = (error: Error): string =>
  error.message.startsWith('Excessive alias') ? 'document contains excessive aliasing' : error.message;

function parserWords(message: string): string {
  if (message.includes('call stack')) return 'exceeded max depth';
  return (message.split('\n')[0] as string).replace(/ at line \d+.*$/, '');
}

const utf8 = new TextDecoder('utf-8');

/** What JSON can hold of it; `!!binary` is the text its bytes are. */
function jsonValue(value: unknown, depth: number): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new JsonSyntaxError(
      `json: unsupported value: ${value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : 'NaN'}`,
    );
  }
  if (typeof value === 'bigint') return Number(value);
  if (value === null || typeof value !== 'object') return value ?? null;
  if (value instanceof Uint8Array) return utf8.decode(value);
  if (depth >= nestingMax) throw new JsonSyntaxError('yaml: exceeded max depth');
  if (Array.isArray(value)) return value.map((item) => jsonValue(item, depth + 1));
  const object: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    setOwn(object, key, jsonValue((value as Record<string, unknown>)[key], depth + 1));
  }
  return object;
}

function duplicateKeys(document: Document, lines: LineCounter): string[] {
  const found: string[] = [];
  visit(document, {
    Map(_, map) {
      if (!isMap(map)) return;
      const seen = new Set<string>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (name !== '<<' && seen.has(name)) {
          const line = lines.linePos(key.range?.[0] ?? 0).line;
          found.push(`line ${line}: key ${JSON.stringify(name)} already set in map`);
        }
        seen.add(name);
      }
    },
  });
  return found;
}
