import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { parse } from 'yaml';
import type { ClientConfig } from './types.ts';

interface Cluster {
  server?: string;
  'certificate-authority'?: string;
  'certificate-authority-data'?: string;
  'tls-server-name'?: string;
  'insecure-skip-tls-verify'?: boolean;
}

interface User {
  'client-certificate'?: string;
  'client-certificate-data'?: string;
  'client-key'?: string;
  'client-key-data'?: string;
  token?: string;
  tokenFile?: string;
  exec?: unknown;
  'auth-provider'?: unknown;
  username?: string;
}

interface Kubeconfig {
  'current-context'?: string;
  clusters?: { name: string; cluster: Cluster }[];
  contexts?: { name: string; context: { cluster?: string; user?: string } }[];
  users?: { name: string; user: User }[];
}

export class KubeconfigError extends Error {
  override name = 'KubeconfigError';
}

/**
 * Reads the connection of a kubeconfig's current context (or of `contextName`). Relative file names are relative to the file, as in kubectl.
 * Throws KubeconfigError naming the file and what is missing in it.
 */
export function loadKubeconfig(path: string, contextName?: string): ClientConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new KubeconfigError(`kubeconfig ${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  return parseKubeconfig(text, path, contextName);
}

/** `path` serves messages and relative file names. */
export function parseKubeconfig(text: string, path: string, contextName?: string): ClientConfig {
  const fail = (what: string): never => {
    throw new KubeconfigError(`kubeconfig ${path}: ${what}`);
  };
  let config: Kubeconfig;
  try {
    config = (parse(text) ?? {}) as Kubeconfig;
  } catch (error) {
    return fail(`not YAML: ${(error as Error).message}`);
  }
  const name = contextName ?? config['current-context'] ?? fail('no current-context');
  const context = config.contexts?.find((c) => c.name === name)?.context ?? fail(`no context "${name}"`);
  const cluster =
    config.clusters?.find((c) => c.name === context.cluster)?.cluster ?? fail(`no cluster "${context.cluster ?? ''}"`);
  const user = config.users?.find((u) => u.name === context.user)?.user ?? {};
  if (user.exec !== undefined || user['auth-provider'] !== undefined || user.username !== undefined) {
    return fail(
      `user "${context.user ?? ''}": exec, auth-provider and password logins are not supported; use a client certificate or a token`,
    );
  }
  const pem = (data: string | undefined, file: string | undefined): string | undefined => {
    if (data !== undefined && data !== '') return Buffer.from(data, 'base64').toString('utf8');
    return file === undefined || file === '' ? undefined : readReferenced(file, path);
  };
  return {
    servers: [cluster.server ?? fail(`cluster "${context.cluster ?? ''}" has no server`)],
    ca: pem(cluster['certificate-authority-data'], cluster['certificate-authority']),
    cert: pem(user['client-certificate-data'], user['client-certificate']),
    key: pem(user['client-key-data'], user['client-key']),
    token: user.token ?? (user.tokenFile === undefined ? undefined : readReferenced(user.tokenFile, path).trim()),
    tlsServerName: cluster['tls-server-name'],
    insecureSkipTlsVerify: cluster['insecure-skip-tls-verify'],
  };
}

function readReferenced(file: string, kubeconfigPath: string): string {
  const full = isAbsolute(file) ? file : join(dirname(kubeconfigPath), file);
  try {
    return readFileSync(full, 'utf8');
  } catch (error) {
    throw new KubeconfigError(`kubeconfig ${kubeconfigPath}: ${full} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
