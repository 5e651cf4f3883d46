import { newBadRequest } from '../../api/meta/status.ts';
import type { Pod } from '../../api/types/core-v1.ts';

const namesOf = ({ spec }: Pod): string[] =>
  [spec?.initContainers, spec?.containers, spec?.ephemeralContainers].flatMap((list) =>
    (list ?? []).map(({ name }) => name),
  );

/** The container that is meant: the one that is named, or the only one. Throws 400. */
export function chosenContainer(pod: Pod, asked: string): string {
  const podName = pod.metadata?.name ?? '';
  if (asked !== '') {
    if (namesOf(pod).includes(asked)) return asked;
    throw newBadRequest(`container ${asked} is not valid for pod ${podName}`);
  }
  const [first, ...others] = pod.spec?.containers ?? [];
  if (first === undefined) throw newBadRequest(`a container name must be specified for pod ${podName}`);
  if (others.length === 0) return first.name;
  const names = namesOf(pod).join(' ');
  throw newBadRequest(`a container name must be specified for pod ${podName}, choose one of: [${names}]`);
}
