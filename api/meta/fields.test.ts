import t from 'tap';
import { parseFieldSelector } from './fields.ts';
import { SelectorError } from './labels.ts';

const pod = {
  metadata: { name: 'p', namespace: 'n' },
  spec: { nodeName: 'a,b', hostNetwork: true },
  status: { phase: 'Running', podIPs: [{ ip: '1.1.1.1' }, { ip: '::1' }] },
};
const of = (kind: string, group = '') => ({ group, kind });

void t.test('field selectors match objects', (t) => {
  const cases: [selector: string, matches: boolean][] = [
    ['', true],
    ['metadata.name=p', true],
    ['metadata.name!=p', false],
    ['spec.nodeName=a\\,b,status.phase==Running', true],
    ['spec.nodeName=', false],
    ['spec.serviceAccountName=', true],
    ['spec.hostNetwork=true', true],
    ['spec.host!=x', true],
  ];
  for (const [selector, matches] of cases) {
    t.equal(parseFieldSelector(selector, of('Pod')).matches(pod), matches, selector);
  }
  t.equal(parseFieldSelector('spec.unschedulable=false', of('Node')).matches({ spec: {} }), true);
  t.equal(parseFieldSelector('metadata.name=p,spec.nodeName!=x', of('Pod')).exact('metadata.name'), 'p');
  const event = { involvedObject: { name: 'x' }, source: { component: 'kubelet' } };
  t.equal(parseFieldSelector('involvedObject.name=x,source=kubelet', of('Event')).matches(event), true);
  t.equal(parseFieldSelector('regarding.name=x', of('Event', 'events.k8s.io')).matches(event), true);
  t.end();
});

void t.test('fields that cannot be selected are refused in Kubernetes’ words', (t) => {
  const cases: [selector: string, kind: string, message: string][] = [
    ['spec.foo=1', 'Pod', 'field label not supported: spec.foo'],
    ['data.a=1', 'ConfigMap', '"data.a" is not a known field selector: only "metadata.name", "metadata.namespace"'],
    [
      'constructor=1',
      'ConfigMap',
      '"constructor" is not a known field selector: only "metadata.name", "metadata.namespace"',
    ],
    ['metadata.name', 'Pod', "invalid selector: 'metadata.name'; can't understand 'metadata.name'"],
  ];
  for (const [selector, kind, message] of cases) {
    t.throws(() => parseFieldSelector(selector, of(kind)), new SelectorError(message), selector);
  }
  t.throws(() => parseFieldSelector('metadata.name=a\\', of('Pod')), SelectorError, 'a backslash at the end');
  t.end();
});
