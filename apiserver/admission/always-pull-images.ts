import { errorText, notSupported } from '../../api/meta/field-error.ts';
import type { Container, EphemeralContainer, Pod } from '../../api/types/core-v1.ts';
import { isFor, refusal, type AdmissionPlugin, type AdmissionRequest } from './admission.ts';

type AnyContainer = Container | EphemeralContainer;

/** With the path of each, in the order in which errors name them. */
const containersOf = ({ spec }: Pod): (readonly [path: string, container: AnyContainer])[] =>
  (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
    (spec?.[list] ?? []).map((container, i) => [`spec.${list}[${i}]`, container] as const),
  );

function concerns(request: AdmissionRequest): boolean {
  if (!isFor(request, '', 'pods') || request.subresource !== '' || request.operation === 'DELETE') return false;
  if (request.operation !== 'UPDATE') return true;
  const before = new Set(containersOf(request.old as unknown as Pod).map(([, { image }]) => image));
  return containersOf(request.object as unknown as Pod).some(([, { image }]) => !before.has(image));
}

/** Nobody runs an image from a node's cache without the right to pull it. */
export const alwaysPullImages: AdmissionPlugin = {
  name: 'AlwaysPullImages',
  resources: ['pods'],
  mutate(request) {
    if (!concerns(request)) return;
    const pod = request.object as unknown as Pod;
    for (const [, container] of containersOf(pod)) container.imagePullPolicy = 'Always';
    for (const { image } of pod.spec?.volumes ?? []) if (image) image.pullPolicy = 'Always';
  },
  validate(request) {
    if (!concerns(request)) return;
    const pod = request.object as unknown as Pod;
    const policies = [
      ...containersOf(pod).map(([path, { imagePullPolicy }]) => [`${path}.imagePullPolicy`, imagePullPolicy] as const),
      ...(pod.spec?.volumes ?? []).flatMap(({ image }, i) =>
        image ? [[`spec.volumes[${i}].image.pullPolicy`, image.pullPolicy] as const] : [],
      ),
    ];
    const bad = policies.filter(([, policy]) => policy !== 'Always');
    const texts = bad.map(([path, policy]) =>
      refusal(request, errorText(notSupported(path, policy ?? '', ['Always']))),
    );
    const first = texts[0];
    if (first === undefined) return;
    if (texts.length === 1) throw first;
    throw refusal(request, `[${[...new Set(texts.map(({ message }) => message))].join(', ')}]`);
  },
};
