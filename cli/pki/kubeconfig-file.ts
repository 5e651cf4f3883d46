import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Layout } from '../cluster/layout.ts';
import { writeAtomically } from '../cluster/state.ts';
import { readPair } from './cluster-pki.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** A kubeconfig with everything inside it, for the user `name` of the PKI folder. */
export function kubeconfigFor(layout: Layout, name: string): string {
  const { cert, key } = readPair(layout.pkiDir, name);
  const cluster = layout.config.name;
  const user = `${cluster}-${name}`;
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': cluster,
      clusters: [
        {
          name: cluster,
          cluster: {
            server: layout.frontUrl,
            'certificate-authority-data': base64(readFileSync(join(layout.pkiDir, 'ca.crt'), 'utf8')),
          },
        },
      ],
      users: [{ name: user, user: { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) } }],
      contexts: [{ name: cluster, context: { cluster, user } }],
    },
    { lineWidth: 0 },
  );
}

export const writeKubeconfig = (layout: Layout): void =>
  writeAtomically(layout.kubeconfig, kubeconfigFor(layout, 'admin'));
