import type { WebhookTarget } from '../../apiserver/transport/webhook-client.ts';
import { loadKubeconfig } from '../../client/kubeconfig.ts';
import { CliError, messageOf } from '../cli-error.ts';

/** The server that a kubeconfig names. Throws a CliError that names the flag. */
export function webhookTarget(flag: string, path: string): WebhookTarget {
  try {
    const { servers, ca, cert, key, token, tlsServerName, insecureSkipTlsVerify } = loadKubeconfig(path);
    return {
      url: servers[0] ?? '',
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(token !== undefined && { token: typeof token === 'string' ? token : undefined }),
      ...(tlsServerName !== undefined && { serverName: tlsServerName }),
      ...(insecureSkipTlsVerify !== undefined && { insecure: insecureSkipTlsVerify }),
    };
  } catch (error) {
    throw new CliError(`--${flag}: ${messageOf(error)}`);
  }
}
