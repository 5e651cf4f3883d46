import { readFileSync } from 'node:fs';
import t from 'tap';
import { parseClusterConfig } from './cluster-config.ts';

const refusals: Readonly<Record<string, [string, RegExp]>> = {
  'an unknown key, with its line and what is known': [
    'replicas: 3\nreplica: 5\n',
    /^c\.yaml:2: unknown key "replica"; known here: name, /,
  ],
  'an unknown key in a group': [
    'nodes:\n  number: 2\n',
    /^c\.yaml:2: unknown key "nodes\.number"; known here: count, runtime$/,
  ],
  'an even number of replicas': ['replicas: 4', /^c\.yaml:1: replicas must be one of 1, 3, 5, 7 .*, not 4$/],
  'a word for a number': ['\n\nport: http', /^c\.yaml:3: port must be a whole number from 1024 to 65000, not "http"$/],
  'a number without unit for a duration': [
    'timeouts:\n  heartbeat: 100',
    /^c\.yaml:2: timeouts\.heartbeat must be a duration such as 100ms/,
  ],
  'an election timeout too close to the heartbeat': [
    'timeouts:\n  heartbeat: 500ms\n',
    /at least 5 times timeouts\.heartbeat/,
  ],
  'a scalar for a group': ['nodes: 3', /^c\.yaml:1: nodes must be a group of keys$/],
  'a list as the whole file': ['- a\n- b', /a group of keys is expected/],
  'broken YAML': ['replicas: [3\nport: 1', /^c\.yaml:2: /],
  'a key given twice': ['port: 7000\nport: 8000', /^c\.yaml:2: Map keys must be unique/],
  'a runtime that is no socket': ['nodes:\n  runtime: docker', /runtime must be auto, embedded or a socket/],
};

for (const [name, [source, message]] of Object.entries(refusals)) {
  void t.test(`cluster.yaml with ${name} is refused`, (t) => {
    t.throws(() => parseClusterConfig(source, 'c.yaml'), { message });
    t.end();
  });
}

void t.test('the cluster.yaml of this repository says the defaults', (t) => {
  t.same(parseClusterConfig(readFileSync('cluster.yaml', 'utf8'), 'cluster.yaml'), parseClusterConfig('', 'empty'));
  t.end();
});

void t.test('values are read in their units', (t) => {
  const config = parseClusterConfig(
    'timeouts: {heartbeat: 50ms, election: 2s}\nnodes: {runtime: "unix:///run/x.sock"}',
    'c',
  );
  t.match(config, { timeouts: { heartbeat: 50, election: 2000 }, nodes: { runtime: 'unix:///run/x.sock', count: 2 } });
  t.end();
});
