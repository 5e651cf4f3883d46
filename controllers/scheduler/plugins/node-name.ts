import type { FilterPlugin } from '../framework.ts';

export const nodeName: FilterPlugin<string> = {
  name: 'NodeName',
  wakenBy: ['node-added'],
  prepareFilter: ({ pod }) => pod.spec?.nodeName || undefined,
  filter: (wanted, { name }) => (name === wanted ? undefined : "node(s) didn't match the requested node name"),
};
