/**
 * Conformance tests that look at what only a real container can do. The embedded runtime starts no process: these are
 * not run, and some of them would pass there without meaning anything (a simulated probe always succeeds).
 */
export interface ContainerNeed {
  /** of whole names; the source, but for `^`, is given to Ginkgo (Go's RE2) */
  readonly tests: RegExp;
  readonly why: string;
}

const output = 'reads what a container prints or writes';
const exec = 'runs a command in a container';
const network = 'talks to containers over the network of pods';
const program = 'needs what the program in the image does';
const probes = 'needs probes that look at a container';
const webhook = 'the API server calls a container';

export const containerNeeds: readonly ContainerNeed[] = [
  { tests: /^\[sig-api-machinery\] AdmissionWebhook /, why: webhook },
  { tests: /^\[sig-api-machinery\] CustomResourceConversionWebhook /, why: webhook },
  { tests: /^\[sig-api-machinery\] Aggregator .*Sample API Server/, why: webhook },

  { tests: /^\[sig-apps\] (ReplicaSet|ReplicationController) should serve a basic image/, why: network },
  { tests: /^\[sig-apps\] StatefulSet .*(halt if any stateful pod is unhealthy|even with unhealthy pods)/, why: exec },
  { tests: /^\[sig-apps\] StatefulSet .*rolling updates and roll backs/, why: exec },
  { tests: /^\[sig-apps\] Job .*(on exit code to fail the job early|sometimes fail and are locally)/, why: program },
  {
    tests: /^\[sig-apps\] Job .*(failure matching on DisruptionTarget|backoffLimitPerIndex|FailIndex action)/,
    why: program,
  },
  { tests: /^\[sig-apps\] Job with successPolicy succeeded(Count|Indexes) rule/, why: program },

  { tests: /^\[sig-auth\] ServiceAccounts .*(mount an API token|mount projected|OIDC discovery)/, why: output },
  { tests: /^\[sig-auth\] .*ClusterTrustBundle.* should (be able|be capable) to /, why: output },
  { tests: /^\[sig-auth\] Projected PodCertificate /, why: output },

  { tests: /^\[sig-cli\] Kubectl client (Guestbook|Update Demo) /, why: network },
  { tests: /^\[sig-cli\] Kubectl (logs|client Kubectl expose) /, why: output },

  { tests: /^\[sig-network\] (DNS|HostPort|Networking|Proxy) /, why: network },
  { tests: /^\[sig-network\] EndpointSlice should support a Service with multiple /, why: network },
  { tests: /^\[sig-network\] Services should (be able to|have session affinity|serve) /, why: network },

  { tests: /^\[sig-node\] (ConfigMap|Secrets) should be consumable /, why: output },
  { tests: /^\[sig-node\] Containers /, why: output },
  { tests: /^\[sig-node\] Downward API /, why: output },
  { tests: /^\[sig-node\] Variable Expansion should (allow|succeed)/, why: output },
  { tests: /^\[sig-node\] Variable Expansion should (fail|verify)/, why: program },
  { tests: /^\[sig-node\] Container Runtime blackbox test /, why: output },
  { tests: /^\[sig-node\] Container Lifecycle Hook /, why: network },
  { tests: /^\[sig-node\] Ephemeral Containers will start /, why: output },
  { tests: /^\[sig-node\] ImageVolume /, why: output },
  { tests: /^\[sig-node\] Kubelet when scheduling .*(print the output|root filesystem|etc.hosts)/, why: output },
  { tests: /^\[sig-node\] KubeletManagedEtcHosts /, why: exec },
  { tests: /^\[sig-node\] Pod InPlace Resize /, why: exec },
  { tests: /^\[sig-node\] Pods should support (remote command|retrieving logs)/, why: exec },
  { tests: /^\[sig-node\] Pods should contain environment variables/, why: output },
  { tests: /^\[sig-node\] PreStop /, why: network },
  { tests: /^\[sig-node\] Probing container /, why: probes },
  { tests: /^\[sig-node\] Security Context /, why: output },
  { tests: /^\[sig-node\] Sysctls .*should support sysctls/, why: output },

  { tests: /^\[sig-storage\] ConfigMap (binary|optional|updates|should be consumable)/, why: output },
  { tests: /^\[sig-storage\] Secrets (optional|should be (able to mount|consumable))/, why: output },
  { tests: /^\[sig-storage\] (Downward API volume|EmptyDir volumes|Projected [a-zA-Z]+|Subpath) /, why: output },
];

/** Why a test of this name cannot pass without real containers; undefined: it can. */
export const containerNeed = (name: string): string | undefined =>
  containerNeeds.find(({ tests }) => tests.test(name))?.why;
