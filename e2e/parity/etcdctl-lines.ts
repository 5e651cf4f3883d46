import { execute } from '../testing/local-cluster.ts';

/** What somebody types: arguments, and what goes to standard input. */
export interface Line {
  readonly args: readonly string[];
  readonly input?: string;
  /** not there before this etcdctl */
  readonly since?: '3.7';
}

const line = (text: string, input?: string): Line => ({
  args: text.split(' ').map((arg) => (arg === "''" ? '' : arg)),
  ...(input !== undefined && { input }),
});
const later = (text: string): Line => ({ ...line(text), since: '3.7' });
const outputs = ['simple', 'json', 'fields', 'protobuf'] as const;

const gets = [
  ...['put a 1', 'put b 2', 'put c 3', 'put a 4 --prev-kv', 'put d -w json'].map((text) => line(text)),
  line('put e', 'from standard input'),
  ...outputs.map((form) => line(`get a -w ${form}`)),
  ...[
    'get a',
    'get a c',
    'get a c --limit=1',
    'get --prefix a',
    "get --prefix ''",
    "get --prefix '' --keys-only",
    "get --prefix '' --keys-only --order=DESCEND --sort-by=MODIFY",
    "get --prefix '' --order=ASCEND --sort-by=VALUE",
    "get --prefix '' --order=DESCEND --sort-by=VERSION --limit=2",
    "get --prefix '' --order=DESCEND --sort-by=CREATE --print-value-only",
    'get --from-key b',
    "get --from-key '' --keys-only",
    "get --prefix '' --count-only -w fields",
    "get --prefix '' --count-only -w json",
    'get a --rev=2',
    'get a --rev=99',
    'get a --print-value-only',
    'get a --consistency=s',
    'get a --hex',
    'get nothere',
    'get',
    'get --prefix --from-key a',
    'get a --order=SIDEWAYS',
    'get a --sort-by=COLOUR',
  ].map((text) => line(text)),
  ...[
    "get --prefix '' --count-only",
    "get --prefix '' --min-mod-rev=3 --max-mod-rev=4 --keys-only",
    "get --prefix '' --min-create-rev=3 --max-create-rev=4 --keys-only",
  ].map(later),
];

const puts = [
  'put a --ignore-value',
  'put a x --ignore-value',
  'put nothere --ignore-value',
  'put a 5 --ignore-lease',
  'put x y --lease=99',
  'put',
  'del a --prev-kv',
  'del a',
  'del b c',
  'del --prefix d --prev-kv',
  'del c -w json',
  'del --from-key e',
  "del --prefix ''",
  'del',
].map((text) => line(text));

const txns = [
  line('put t 1'),
  line('txn', 'value("t") = "1"\n\nput t 2\nget t\n\nput t 3\n\n'),
  line('txn', 'value("t") = "1"\n\nput t 2\n\nget t\ndel t\n\n'),
  line('txn', 'ver("t") > "0"\nmod("t") > "0"\ncreate("t") > "0"\n\nput t 2\n\ndel t\n\n'),
  line('txn -i', 'mod("t") < "99"\n\nput u 1\nget --prefix t\n\n\n'),
  line('txn', '\n\n\n'),
  line('txn', 'value("t")\n\n\n\n'),
  line('txn', '\nput t 1\nput t 2\n\n\n'),
  line('txn -w json', '\nget t\n\n\n'),
];

const others = [
  'lease list',
  'lease revoke 99',
  'lease timetolive 99',
  'lease keep-alive --once 99',
  'lease grant x',
  'lease grant',
  'compaction 3',
  'compaction 3',
  'compaction 999',
  'compaction 5 --physical',
  'compaction x',
  'get t --rev=2',
  'alarm list',
  'alarm disarm',
  'move-leader 1234',
  'member remove 1234',
  'member promote 1234',
  'member update 1234 --peer-urls=http://127.0.0.1:1',
  'member add x --peer-urls=nonsense',
  'nonsense',
].map((text) => line(text));

const auths = [
  'user add root:secret',
  'user add ann:secret',
  'user add ann:secret',
  'user add nobody --no-password',
  'user add :secret',
  'user list',
  'user get ann',
  'user get none',
  'role add reader',
  'role add reader',
  'role add root',
  'role grant-permission reader read a',
  'role grant-permission reader readwrite b/ --prefix',
  'role grant-permission reader write c d',
  'role grant-permission reader read k --from-key',
  'role grant-permission none read a',
  'role get reader',
  'role get none',
  'role list',
  'role revoke-permission reader c d',
  'role revoke-permission reader z',
  'user grant-role ann reader',
  'user grant-role ann none',
  'user grant-role none reader',
  'user get ann --detail',
  'auth status -w fields',
  'auth enable',
  'user grant-role root root',
  'auth enable',
  'put a 1',
  'put a 1 --user=ann:secret',
  'put b/1 1 --user=ann:secret',
  'get a --user=ann:secret',
  'get b --prefix --user=ann:secret',
  'get --from-key b --user=ann:secret',
  'get l m --user=ann:secret',
  'del b/1 --user=ann:secret',
  'get a --user=ann:wrong',
  'get a --user=none:secret',
  'get a --user=nobody:',
  'user list --user=ann:secret',
  'user get ann --user=ann:secret',
  'role get reader --user=ann:secret',
  'member list --user=ann:secret',
  'user delete ann --user=root:secret',
  'user delete none --user=root:secret',
  'get a --user=ann:secret',
  'role delete reader --user=root:secret',
  'role delete none --user=root:secret',
  'user revoke-role root root --user=root:secret',
  'user delete root --user=root:secret',
  'auth disable --user=root:secret',
  'auth disable',
  'user delete root',
  'user delete nobody',
  'get a',
].map((text) => line(text));

/** In this order, on an empty store of one member. */
export const etcdctlLines: readonly Line[] = [...gets, ...puts, ...txns, ...others, ...auths];

/** Takes out what is each run's own: log lines, ids, ports, terms. */
export function withoutIds(output: string): string {
  const ids = new Map<string, string>();
  const named = (id: string): string => {
    const name = ids.get(id) ?? `<id ${ids.size + 1}>`;
    ids.set(id, name);
    return name;
  };
  return output
    .split('\n')
    .filter((text) => !text.startsWith('{"level":'))
    .join('\n')
    .trimEnd()
    .replaceAll(/\b127\.0\.0\.1:\d+/g, '<endpoint>')
    .replaceAll(/("raft_term":|"RaftTerm" : )\d+/g, '$1<term>')
    .replaceAll(/\b\d{15,20}\b|\b[0-9a-f]{15,16}\b/g, named);
}

/** The header of a protobuf answer has ids in it. */
const isBinary = ({ args }: Line): boolean => args.includes('protobuf');

/** Types the lines; what each printed, and its exit code. */
export async function typeLines(
  program: string,
  endpoint: string,
  lines: readonly Line[],
): Promise<Map<string, readonly string[]>> {
  // its own limits, 2 s to log in and 5 s to answer, are short for a busy machine
  const patience = { ETCDCTL_DIAL_TIMEOUT: '60s', ETCDCTL_COMMAND_TIMEOUT: '60s' };
  const env = { ETCDCTL_API: '3', ETCDCTL_ENDPOINTS: endpoint, ...patience };
  const printed = new Map<string, readonly string[]>();
  for (const typed of lines) {
    const { args, input } = typed;
    const { code, stdout, stderr } = await execute(program, args, { env, ...(input !== undefined && { input }) });
    const name = `${printed.size + 1}: ${args.map((arg) => arg || "''").join(' ')}`;
    const text = isBinary(typed)
      ? stdout.length > 0
        ? 'something'
        : 'nothing'
      : withoutIds(`${stdout}\n${stderr}`.trim());
    printed.set(name, [...text.split('\n').filter((part) => part !== ''), `exit code ${code}`]);
  }
  return printed;
}
