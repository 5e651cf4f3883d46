import t from 'tap';
import { readPodSecurityConfiguration } from './pod-security-configuration.ts';

const head = { apiVersion: 'pod-security.admission.config.k8s.io/v1', kind: 'PodSecurityConfiguration' };

void t.test('readPodSecurityConfiguration: what is left out is privileged', (t) => {
  const read = readPodSecurityConfiguration({
    ...head,
    defaults: { enforce: 'baseline', 'enforce-version': 'v1.30' },
    exemptions: { namespaces: ['kube-system'] },
  });
  t.same(read, {
    defaults: {
      enforce: { level: 'baseline', version: 30 },
      audit: { level: 'privileged', version: 'latest' },
      warn: { level: 'privileged', version: 'latest' },
    },
    exemptions: { usernames: [], namespaces: ['kube-system'], runtimeClasses: [] },
  });
  t.end();
});

const refused: [title: string, given: unknown, message: RegExp][] = [
  ['another kind', { kind: 'X' }, /^a PodSecurityConfiguration of/],
  ['nothing', undefined, /^a PodSecurityConfiguration of/],
  [
    'a level that there is not',
    { ...head, defaults: { warn: 'x' } },
    /^defaults\.warn: Invalid value: "x": must be one of/,
  ],
  [
    'a version that there is not',
    { ...head, defaults: { 'audit-version': '1' } },
    /^defaults\.audit-version: Invalid value/,
  ],
  ['a field that there is not', { ...head, exemptions: { users: [] } }, /^unknown field "exemptions\.users"$/],
  ['names that are none', { ...head, exemptions: { usernames: [1] } }, /^exemptions\.usernames: a list of names/],
];

void t.test('readPodSecurityConfiguration refuses', (t) => {
  for (const [title, given, message] of refused)
    t.throws(() => readPodSecurityConfiguration(given), { message }, title);
  t.end();
});
