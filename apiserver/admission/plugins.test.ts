import t from 'tap';
import { alwaysPullImages } from './always-pull-images.ts';
import { chosenPlugins, pluginEntries } from './plugins.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';
import { admissionRequest, admit } from './testing/admission-request.ts';

const names = (...choice: Parameters<typeof chosenPlugins>): string[] =>
  chosenPlugins(...choice).map(({ name }) => name);

void t.test('chosenPlugins: flags add and take away', (t) => {
  t.notOk(names().includes('AlwaysPullImages'));
  const chosen = names({ enable: ['AlwaysPullImages'], disable: ['Priority'] });
  t.ok(chosen.includes('AlwaysPullImages'));
  t.notOk(chosen.includes('Priority'));
  const order = pluginEntries.map(({ name }) => name);
  t.same(
    chosen,
    [...chosen].sort((a, b) => order.indexOf(a) - order.indexOf(b)),
    'the order is ours',
  );
  t.end();
});

void t.test('chosenPlugins refuses by name', (t) => {
  t.throws(() => names({ enable: ['Nonsense'] }), { message: 'enable-admission-plugins plugin "Nonsense" is unknown' });
  t.throws(() => names({ disable: ['Nonsense'] }), {
    message: 'disable-admission-plugins plugin "Nonsense" is unknown',
  });
  t.throws(() => names({ enable: ['Priority'], disable: ['Priority'] }), {
    message: '[Priority] in enable-admission-plugins and disable-admission-plugins overlapped',
  });
  t.end();
});

void t.test('AlwaysPullImages sets the policy of every container and image volume', async (t) => {
  const spec = {
    initContainers: [{ name: 'i', image: 'a' }],
    containers: [{ name: 'c', image: 'b', imagePullPolicy: 'IfNotPresent' }],
    volumes: [{ name: 'v', image: { reference: 'c' } }],
  };
  const request = admissionRequest('pods', { metadata: { name: 'p' }, spec });
  await admit(alwaysPullImages, request);
  t.match(request.object['spec'], {
    initContainers: [{ imagePullPolicy: 'Always' }],
    containers: [{ imagePullPolicy: 'Always' }],
    volumes: [{ image: { pullPolicy: 'Always' } }],
  });
  await t.rejects(
    async () =>
      alwaysPullImages.validate?.(
        admissionRequest('pods', { metadata: { name: 'p' }, spec: { containers: spec.containers } }),
      ),
    {
      message:
        'pods "p" is forbidden: spec.containers[0].imagePullPolicy: Unsupported value: "IfNotPresent": supported values: "Always"',
    },
  );
});

void t.test('TaintNodesByCondition: a new node is not ready', async (t) => {
  const request = admissionRequest('nodes', {
    metadata: { name: 'n' },
    spec: { taints: [{ key: 'a', effect: 'NoExecute' }] },
  });
  await admit(taintNodesByCondition, request);
  await admit(taintNodesByCondition, request);
  t.same(request.object['spec'], {
    taints: [
      { key: 'a', effect: 'NoExecute' },
      { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' },
    ],
  });
});
