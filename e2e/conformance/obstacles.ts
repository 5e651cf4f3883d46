/**
 * Conformance tests that cannot pass, by what stands in the way. They are not run unless it is asked for: most would wait
 * for minutes, and some would pass without meaning anything (a simulated probe always succeeds).
 *
 * - `container`: looks at what only a real container can do. The embedded runtime starts no process.
 * - `controller`: needs a controller that is not there yet.
 * - `newer`: of an API that came with the suite's release and is not in 1.36.
 */
export type ObstacleKind = 'container' | 'controller' | 'newer';

export interface Obstacle {
  readonly kind: ObstacleKind;
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

const inContainers: readonly Omit<Obstacle, 'kind'>[] = [
  { tests: /^\[sig-api-machinery\] AdmissionWebhook /, why: webhook },
  { tests: /^\[sig-api-machinery\] CustomResourceConversionWebhook /, why: webhook },
  { tests: /^\[sig-api-machinery\] CustomResourceFieldSelectors /, why: webhook },
  { tests: /^\[sig-api-machinery\] Aggregator .*Sample API Server/, why: webhook },

  { tests: /^\[sig-apps\] (ReplicaSet|ReplicationController) should serve a basic image/, why: network },
  { tests: /^\[sig-apps\] Deployment .*proportional scaling/, why: 'needs an image that cannot be pulled' },
  { tests: /^\[sig-apps\] StatefulSet .*(halt if any stateful pod is unhealthy|even with unhealthy pods)/, why: exec },
  { tests: /^\[sig-apps\] StatefulSet .*rolling updates and roll backs/, why: exec },
  { tests: /^\[sig-apps\] Job .*(on exit code to fail the job early|sometimes fail and are locally)/, why: program },
  {
    tests: /^\[sig-apps\] Job .*(failure matching on DisruptionTarget|backoffLimitPerIndex|FailIndex action)/,
    why: program,
  },
  { tests: /^\[sig-apps\] Job with successPolicy succeeded(Count|Indexes) rule/, why: program },

  { tests: /^\[sig-auth\] ServiceAccounts .*(mount an API token|mount projected|OIDC discovery)/, why: output },

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

const withoutController: readonly Omit<Obstacle, 'kind'>[] = [
  { tests: /^\[sig-apps\] StatefulSet /, why: 'no controller of StatefulSets' },
  { tests: /^\[sig-apps\] (Daemon set|ControllerRevision) /, why: 'no controller of DaemonSets' },
  { tests: /^\[sig-apps\] Job /, why: 'no controller of Jobs' },
  { tests: /^\[sig-apps\] CronJob /, why: 'no controller of CronJobs' },
  { tests: /^\[sig-apps\] DisruptionController /, why: 'no controller of disruption budgets' },
  { tests: /^\[sig-network\] EndpointSliceMirroring /, why: 'no mirroring of Endpoints' },
  {
    tests: /^\[sig-scheduling\] SchedulerPreemption .*(basic preemption|critical pod|condition|running path)/,
    why: 'no preemption',
  },
];

const ofNewerApis: readonly Omit<Obstacle, 'kind'>[] = [
  { tests: /^\[sig-api-machinery\] StorageVersionMigration /, why: 'storagemigration.k8s.io/v1 is of 1.37' },
  { tests: /^\[sig-auth\] PodCertificateRequest /, why: 'PodCertificateRequest v1 is of 1.37' },
  { tests: /^\[sig-auth\] .*\[FeatureGate:ClusterTrustBundle\]/, why: 'ClusterTrustBundle v1 is of 1.37' },
  { tests: /^\[sig-node\] \[DRA\] .*DeviceTaintRule/, why: 'DeviceTaintRule v1 is of 1.37' },
];

const as = (kind: ObstacleKind, obstacles: readonly Omit<Obstacle, 'kind'>[]): Obstacle[] =>
  obstacles.map((obstacle) => ({ kind, ...obstacle }));

export const obstacles: readonly Obstacle[] = [
  ...as('newer', ofNewerApis),
  ...as('container', inContainers),
  ...as('controller', withoutController),
];

/** What keeps a test of this name from passing; undefined: nothing that is known. */
export const obstacleOf = (name: string): Obstacle | undefined => obstacles.find(({ tests }) => tests.test(name));
