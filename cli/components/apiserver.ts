import { createLog } from '../../base/log.ts';
import { startApiServer } from '../../apiserver/server.ts';
import type { ApiServerOptions } from '../../apiserver/server.ts';
import { CliError, messageOf } from '../cli-error.ts';
import type { FlagValues } from '../commands/flags.ts';
import { readPem } from './read-pem.ts';
import { dieLoudly, liveUntilSignal } from './process-life.ts';

function etcdTlsFrom(values: FlagValues): ApiServerOptions['etcdTls'] {
  const [ca, cert, key] = ['etcd-cafile', 'etcd-certfile', 'etcd-keyfile'].map((flag) => {
    const path = values.optional(flag);
    return path === undefined ? undefined : readPem(flag, path);
  });
  if (ca === undefined && values.list('etcd-servers').some((url) => url.startsWith('https:'))) {
    throw new CliError('https:// in --etcd-servers needs --etcd-cafile');
  }
  return ca === undefined ? undefined : { ca, cert, key };
}

function serviceAccountsFrom(values: FlagValues): ApiServerOptions['serviceAccounts'] {
  const signing = values.optional('service-account-signing-key-file');
  if (signing === undefined) return undefined;
  const verify = values.optional('service-account-key-file');
  return {
    signingKey: readPem('service-account-signing-key-file', signing),
    verifyKeys: verify === undefined ? [] : [readPem('service-account-key-file', verify)],
    issuer: values.text('service-account-issuer'),
  };
}

/** `kuorum apiserver`: the Kubernetes API alone in its process, over our store or a real etcd. */
export async function runApiserver(values: FlagValues): Promise<void> {
  const log = createLog('apiserver', values.text('log-level'));
  dieLoudly(log);
  const tokenFile = values.optional('token-auth-file');
  const server = await startApiServer({
    etcdServers: values.list('etcd-servers'),
    etcdTls: etcdTlsFrom(values),
    etcdPrefix: values.text('etcd-prefix'),
    bindAddress: values.text('bind-address'),
    securePort: values.number('secure-port'),
    advertiseAddress: values.optional('advertise-address'),
    tls: {
      cert: readPem('tls-cert-file', values.text('tls-cert-file')),
      key: readPem('tls-private-key-file', values.text('tls-private-key-file')),
    },
    clientCa: readPem('client-ca-file', values.text('client-ca-file')),
    serviceClusterIpRange: values.text('service-cluster-ip-range'),
    tokenFile: tokenFile === undefined ? undefined : { name: tokenFile, text: readPem('token-auth-file', tokenFile) },
    serviceAccounts: serviceAccountsFrom(values),
    log,
  }).catch((error: unknown) => {
    if (error instanceof CliError) throw error;
    throw new CliError(messageOf(error), 1, { cause: error });
  });
  log.info({ port: server.port }, 'serving');
  await liveUntilSignal([{ name: 'API server', stop: () => server.stop() }], log);
}
