import type { Flag } from './flags.ts';

/** https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/ */
export const apiserverFlags: readonly Flag[] = [
  { name: 'etcd-servers', type: 'list', required: true, text: 'client URLs of the store' },
  { name: 'etcd-cafile', type: 'text', text: "the store's authority" },
  { name: 'etcd-certfile', type: 'text', text: 'our certificate for the store' },
  { name: 'etcd-keyfile', type: 'text', text: 'our key for the store' },
  { name: 'etcd-prefix', type: 'text', fallback: '/registry', text: 'before every key' },
  { name: 'bind-address', type: 'text', fallback: '127.0.0.1', text: 'where it listens' },
  { name: 'secure-port', type: 'number', fallback: '6443', text: 'HTTPS port' },
  { name: 'advertise-address', type: 'text', text: 'the address in the endpoints of the service kubernetes' },
  { name: 'tls-cert-file', type: 'text', required: true, text: 'its certificate' },
  { name: 'tls-private-key-file', type: 'text', required: true, text: 'its key' },
  { name: 'client-ca-file', type: 'text', required: true, text: "the clients' authority" },
  { name: 'service-cluster-ip-range', type: 'text', fallback: '10.96.0.0/16', text: 'addresses of Services' },
  { name: 'service-account-key-file', type: 'text', text: 'public key that verifies service account tokens' },
  { name: 'service-account-signing-key-file', type: 'text', text: 'private key that signs service account tokens' },
  {
    name: 'service-account-issuer',
    type: 'text',
    fallback: 'https://kubernetes.default.svc.cluster.local',
    text: 'the issuer in service account tokens',
  },
  { name: 'token-auth-file', type: 'text', text: 'CSV of static tokens: token,user,uid,"group,..."' },
  { name: 'log-level', type: 'text', fallback: 'info', text: 'debug, info, warn or error' },
];

const kubeconfigFlag: Flag = { name: 'kubeconfig', type: 'text', required: true, text: 'how to reach the API server' };
const electionFlags: readonly Flag[] = [
  { name: 'leader-elect', type: 'boolean', fallback: 'true', text: 'only the holder of the Lease works' },
  { name: 'leader-elect-lease-duration', type: 'duration', fallback: '15s', text: 'how long a dead holder keeps it' },
  {
    name: 'leader-elect-renew-deadline',
    type: 'duration',
    fallback: '10s',
    text: 'a holder that cannot renew this long gives up',
  },
  { name: 'leader-elect-retry-period', type: 'duration', fallback: '2s', text: 'between attempts' },
  { name: 'log-level', type: 'text', fallback: 'info', text: 'debug, info, warn or error' },
];

/** https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/ */
export const controllerManagerFlags: readonly Flag[] = [
  kubeconfigFlag,
  { name: 'controllers', type: 'list', fallback: '*', text: '* all, foo that one, -foo not that one' },
  { name: 'root-ca-file', type: 'text', text: 'the authority that pods shall trust' },
  { name: 'node-monitor-grace-period', type: 'duration', fallback: '40s', text: 'how long a silent node stays Ready' },
  { name: 'node-monitor-period', type: 'duration', fallback: '5s', text: 'between looks at the nodes' },
  ...electionFlags,
];

/** https://kubernetes.io/docs/reference/command-line-tools-reference/kube-scheduler/ */
export const schedulerFlags: readonly Flag[] = [
  kubeconfigFlag,
  { name: 'scheduler-name', type: 'text', fallback: 'default-scheduler', text: 'the pods it is for' },
  ...electionFlags,
];

/** https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/ */
export const kubeletFlags: readonly Flag[] = [
  kubeconfigFlag,
  { name: 'hostname-override', type: 'text', text: "the node's name (default the host's)" },
  { name: 'node-ip', type: 'text', fallback: '127.0.0.1', text: "the node's address" },
  { name: 'node-labels', type: 'list', text: 'key=value,... set when the node registers' },
  { name: 'root-dir', type: 'text', fallback: '/var/lib/kubelet', text: 'volumes, logs, state' },
  {
    name: 'container-runtime-endpoint',
    type: 'text',
    fallback: 'embedded',
    text: 'unix:///… of a CRI runtime, or embedded',
  },
  { name: 'pod-cidr', type: 'text', text: 'addresses of its pods (default what the API server gives)' },
  { name: 'node-status-update-frequency', type: 'duration', fallback: '10s', text: 'between looks at the status' },
  { name: 'log-level', type: 'text', fallback: 'info', text: 'debug, info, warn or error' },
];
