import type { FilterPlugin, HostPort } from '../framework.ts';

const anyAddress = '0.0.0.0';

/** The wildcard address clashes with every address. */
export const portsClash = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === anyAddress || b.ip === anyAddress);

export const nodePorts: FilterPlugin<readonly HostPort[]> = {
  name: 'NodePorts',
  wakenBy: ['node-added', 'pod-removed'],
  prepareFilter: ({ hostPorts }) => (hostPorts.length > 0 ? hostPorts : undefined),
  filter(wanted, { pods }) {
    for (const { hostPorts } of pods.values()) {
      if (hostPorts.some((used) => wanted.some((port) => portsClash(port, used)))) {
        return "node(s) didn't have free ports for the requested pod ports";
      }
    }
    return undefined;
  },
};
