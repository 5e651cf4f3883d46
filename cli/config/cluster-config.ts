import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { LineCounter, isMap, isScalar, parseDocument } from 'yaml';
import type { Node, YAMLMap } from 'yaml';
import { CliError } from '../cli-error.ts';
import { configSchema } from './config-schema.ts';
import type { ClusterConfig, Rule } from './config-schema.ts';

interface SchemaLevel {
  readonly [key: string]: Rule<unknown> | SchemaLevel;
}
const isRule = (entry: Rule<unknown> | SchemaLevel): entry is Rule<unknown> => typeof entry['read'] === 'function';

interface Reading {
  readonly path: string;
  readonly lines: LineCounter;
}

function refuse(reading: Reading, node: Node | undefined | null, problem: string): never {
  const line = node?.range ? reading.lines.linePos(node.range[0]).line : 1;
  throw new CliError(`${reading.path}:${line}: ${problem}`);
}

function readLevel(map: YAMLMap | undefined, schema: SchemaLevel, at: string, reading: Reading): unknown {
  const known = Object.keys(schema);
  for (const pair of map?.items ?? []) {
    const key = isScalar(pair.key) ? String(pair.key.value) : '';
    if (!Object.hasOwn(schema, key)) {
      refuse(reading, pair.key as Node, `unknown key "${at}${key}"; known here: ${known.join(', ')}`);
    }
  }
  const entries = Object.entries(schema).map(([key, entry]) => {
    const node = map?.get(key, true) as Node | undefined;
    const empty = node === undefined || (isScalar(node) && node.value === null);
    if (!isRule(entry)) {
      if (!empty && !isMap(node)) refuse(reading, node, `${at}${key} must be a group of keys`);
      return [key, readLevel(empty ? undefined : (node as YAMLMap), entry, `${at}${key}.`, reading)];
    }
    if (empty) return [key, entry.fallback];
    const result = entry.read((node as { toJSON(): unknown }).toJSON());
    return 'problem' in result ? refuse(reading, node, `${at}${key} ${result.problem}`) : [key, result.value];
  });
  return Object.fromEntries(entries) as unknown;
}

/** Reads a cluster.yaml; throws CliError `file:line: reason`. */
export function parseClusterConfig(source: string, path: string): ClusterConfig {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, uniqueKeys: true });
  const reading: Reading = { path, lines };
  const broken = document.errors[0];
  if (broken) {
    const summary = broken.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? 'not YAML';
    throw new CliError(`${path}:${broken.linePos?.[0].line ?? 1}: ${summary}`);
  }
  const root = document.contents;
  if (root !== null && !isMap(root)) refuse(reading, root, 'a group of keys is expected, such as "replicas: 3"');
  const config = readLevel(root ?? undefined, configSchema, '', reading) as ClusterConfig;
  if (config.timeouts.election < 5 * config.timeouts.heartbeat) {
    refuse(
      reading,
      root?.get('timeouts', true),
      `timeouts.election (${config.timeouts.election}ms) must be at least 5 times timeouts.heartbeat (${config.timeouts.heartbeat}ms)`,
    );
  }
  return config;
}

/** Reads `file`, or ./cluster.yaml where none is named; without one, the defaults. `dataDir` comes back absolute. */
export function loadClusterConfig(file: string | undefined): ClusterConfig {
  const path = resolve(file ?? 'cluster.yaml');
  if (!existsSync(path)) {
    if (file !== undefined) throw new CliError(`${file}: no such file`);
    const config = parseClusterConfig('', path);
    return { ...config, dataDir: resolve(config.dataDir) };
  }
  const config = parseClusterConfig(readFileSync(path, 'utf8'), file ?? 'cluster.yaml');
  return { ...config, dataDir: resolve(dirname(path), config.dataDir) };
}
