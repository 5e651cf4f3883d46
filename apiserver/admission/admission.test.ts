import t from 'tap';
import { AdmissionChain, type AdmissionPlugin } from './admission.ts';
import { admissionRequest } from './testing/admission-request.ts';

void t.test('AdmissionChain asks those that look at the resource, in their order', async (t) => {
  const seen: string[] = [];
  const plugin = (name: string, resources?: readonly string[]): AdmissionPlugin => ({
    name,
    ...(resources && { resources }),
    mutate: ({ entry }) => void seen.push(`${name} changes ${entry.info.resource}`),
    validate: ({ entry }) => void seen.push(`${name} checks ${entry.info.resource}`),
  });
  const chain = new AdmissionChain([
    plugin('a', ['pods']),
    plugin('b'),
    plugin('c', ['ingresses.networking.k8s.io', 'pods']),
  ]);
  for (const resource of ['pods', 'networking.k8s.io/ingresses', 'configmaps']) {
    const request = admissionRequest(resource, { metadata: { name: 'x' } });
    await chain.mutate(request);
    await chain.validate(request);
  }
  t.same(seen, [
    'a changes pods',
    'b changes pods',
    'c changes pods',
    'a checks pods',
    'b checks pods',
    'c checks pods',
    'b changes ingresses',
    'c changes ingresses',
    'b checks ingresses',
    'c checks ingresses',
    'b changes configmaps',
    'b checks configmaps',
  ]);
});
