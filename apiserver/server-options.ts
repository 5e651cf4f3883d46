import type { KubeletClientSettings } from './kubelet/kubelet-connections.ts';
import type { PluginChoice } from './admission/plugins.ts';
import type { PodSecurityConfiguration } from './admission/pod-security.ts';
import type { Log } from '../base/log.ts';
import type { AuditPolicy } from './audit/audit-policy.ts';
import type { AuditSink } from './audit/audit-record.ts';
import type { AnonymousSettings } from './auth/anonymous.ts';
import type { AuthorizerSetting } from './auth/authorizers.ts';
import type { JwtSettings } from './auth/jwt-authenticator.ts';
import type { TokenWebhookSettings } from './auth/webhook-token-authenticator.ts';
import type { RequestHeaderSettings } from './auth/request-header-authenticator.ts';
import type { ServiceAccountKeys } from './auth/service-account-tokens.ts';
import type { Transformers } from './storage/encryption/encryption-configuration.ts';
import type { EtcdTls } from './storage/etcd-channel.ts';
import type { EtcdClient } from './storage/etcd-client.ts';
import type { ServingTls } from './transport/serving-tls.ts';

/** What an API server is told. Texts are PEM. Names and defaults are those of kube-apiserver's flags where nothing else is said. */
export interface ApiServerOptions {
  /** the own member first */
  readonly etcdServers: readonly string[];
  readonly etcdTls?: EtcdTls;
  /** default `/registry` */
  readonly etcdPrefix?: string;
  /** instead of etcdServers, for tests */
  readonly etcdClient?: EtcdClient;
  /** what is stored encrypted, and how: asked for anew each time; absent: nothing */
  readonly encryption?: () => Transformers;
  /** default 127.0.0.1 */
  readonly bindAddress?: string;
  /** 0: any free port */
  readonly securePort: number;
  /** the name that discovery gives to clients; default: where it listens */
  readonly externalHostname?: string;
  /** the header Strict-Transport-Security of every answer; default none */
  readonly strictTransportSecurity?: string;
  /** requests at a time on one HTTP/2 connection; default 1,000 */
  readonly streamsPerConnection?: number;
  /** what clients and the endpoints of the service `kubernetes` are told; default: where it listens */
  readonly advertiseAddress?: string;
  readonly advertisePort?: number;
  readonly tls: ServingTls;
  /** absent: nobody is known by a certificate */
  readonly clientCa?: string;
  /** a proxy in front that says who asks; absent: nobody may say so */
  readonly requestHeader?: RequestHeaderSettings;
  /** shown to extension API servers, which then believe who asks */
  readonly proxyClient?: { readonly cert: string; readonly key: string };
  /** how kubelets are reached, for logs and the like; default: without a certificate, at the address they tell */
  readonly kubeletClient?: KubeletClientSettings;
  /** default: health and version for everybody, all else with credentials only */
  readonly anonymous?: AnonymousSettings;
  /** default 10.96.0.0/16 */
  readonly serviceClusterIpRange?: string;
  /** both ends included; default 30000 to 32767 */
  readonly serviceNodePorts?: { readonly first: number; readonly last: number };
  /** a token file's contents, as --token-auth-file */
  readonly tokenFile?: { readonly text: string; readonly name: string };
  /** absent: there are no tokens of service accounts */
  readonly serviceAccounts?: ServiceAccountKeys;
  /** tokens must be meant for one of these; default: the issuer of service accounts' tokens */
  readonly audiences?: readonly string[];
  /** issuers of other JSON Web Tokens: asked for anew each time, another array once they have changed */
  readonly jwt?: () => readonly JwtSettings[];
  /** another server that knows tokens */
  readonly tokenWebhook?: TokenWebhookSettings;
  /** tokens of kube-system's Secrets let new nodes in */
  readonly bootstrapTokens?: boolean;
  /** who is asked for rights, in this order: another array once that has changed; default Node, RBAC */
  readonly authorizers?: () => readonly AuthorizerSetting[];
  /** which plugins of admission are on beside and instead of the usual ones, and what PodSecurity is told */
  readonly admission?: PluginChoice & { readonly podSecurity?: PodSecurityConfiguration };
  /** which requests are recorded, and where; absent: none */
  readonly audit?: { readonly policy: AuditPolicy; readonly sink: AuditSink };
  /** how much is done at a time; default: priority and fairness with 400 + 200 seats */
  readonly limits?: {
    readonly readsMax: number;
    readonly changesMax: number;
    /** false: these two limits count, and nobody waits */
    readonly fairness: boolean;
  };
  /** requests that are no streams are answered in this time; default 60 s */
  readonly requestTimeoutMs?: number;
  /** watches end after a time between this and twice as long; default 1800 s */
  readonly watchSecondsMin?: number;
  /** the part of HTTP/2 requests after which the client is sent to another server; default none */
  readonly goawayChance?: number;
  /** when it is told to stop, /readyz fails, and it goes on to serve for so long; default not at all */
  readonly shutdownDelayMs?: number;
  /** how long events are kept; default an hour */
  readonly eventTtlSeconds?: number;
  /** `api/beta`, `apps/v1`, `batch/v1/jobs` → on or off, as --runtime-config; what is not named is as usual */
  readonly runtimeConfig?: ReadonlyMap<string, boolean>;
  readonly log?: Log;
}
