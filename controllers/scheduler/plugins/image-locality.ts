import type { Pod } from '../../../api/types/core-v1.ts';
import { scoreMax } from '../framework.ts';
import type { NodeInfo, ScorePlugin } from '../framework.ts';

const bytesMin = 23 * 1024 * 1024;
const bytesMaxPerContainer = 1000 * 1024 * 1024;

interface State {
  readonly images: readonly string[];
  readonly nodes: readonly NodeInfo[];
  readonly holders: ReadonlyMap<string, number>;
}

const tagged = (image: string): string => (image.lastIndexOf(':') > image.lastIndexOf('/') ? image : `${image}:latest`);

const sizeOn = ({ node }: NodeInfo, image: string): number | undefined =>
  node.status?.images?.find(({ names }) => names?.includes(image))?.sizeBytes;

const imagesOf = ({ spec }: Pod): string[] =>
  [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map(({ image }) => tagged(image ?? ''));

/** Prefers nodes that hold the images already; an image that few nodes hold counts less, so that those are not crowded. */
export const imageLocality: ScorePlugin<State> = {
  name: 'ImageLocality',
  weight: 1,
  prepareScore({ pod }, { nodes }) {
    const images = imagesOf(pod);
    const holders = new Map(
      images.map((image) => [image, nodes.filter((node) => sizeOn(node, image) !== undefined).length]),
    );
    return [...holders.values()].some((count) => count > 0) ? { images, nodes, holders } : undefined;
  },
  score({ images, nodes, holders }, node) {
    const sum = images.reduce(
      (bytes, image) => bytes + (sizeOn(node, image) ?? 0) * ((holders.get(image) ?? 0) / nodes.length),
      0,
    );
    const bytesMax = bytesMaxPerContainer * images.length;
    const bounded = Math.min(Math.max(sum, bytesMin), bytesMax);
    return Math.floor((scoreMax * (bounded - bytesMin)) / (bytesMax - bytesMin));
  },
};
