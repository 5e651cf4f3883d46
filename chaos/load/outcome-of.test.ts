import t from 'tap';
import { outcomeOfError } from './outcome-of.ts';

const cases: Readonly<Record<string, [details: string, outcome: object]>> = {
  'a connection that never stood: not done': [
    'No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1',
    { status: 'failed' },
  ],
  'a connection that broke: unknown': ['read ECONNRESET', { status: 'unknown' }],
  'no answer in time: unknown': ['Deadline exceeded after 2.001s', { status: 'unknown' }],
  'a leader that changed: unknown': ['etcdserver: leader changed', { status: 'unknown' }],
  'a server that was full: not done': ['etcdserver: too many requests', { status: 'failed' }],
  'no such lease: an answer': ['etcdserver: requested lease not found', { status: 'error', error: 'lease-not-found' }],
  'history that is gone: says nothing': [
    'etcdserver: mvcc: required revision has been compacted',
    { status: 'failed' },
  ],
};
for (const [name, [details, outcome]] of Object.entries(cases)) {
  void t.test(`outcomeOfError of ${name}`, (t) => {
    t.match(outcomeOfError(Object.assign(new Error(`2 UNKNOWN: ${details}`), { details })), outcome);
    t.end();
  });
}
