import type { Flag } from './flags.ts';

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
  { name: 'service-account-private-key-file', type: 'text', text: 'signs the tokens of service accounts in Secrets' },
  { name: 'cluster-signing-cert-file', type: 'text', text: 'the authority that signs certificates asked for' },
  { name: 'cluster-signing-key-file', type: 'text', text: 'its key' },
  {
    name: 'cluster-signing-duration',
    type: 'duration',
    fallback: '8760h0m0s',
    text: 'how long signed certificates are good at most',
  },
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
  { name: 'address', type: 'text', fallback: '127.0.0.1', text: 'where its HTTPS server listens' },
  {
    name: 'port',
    type: 'number',
    fallback: '10250',
    text: "the server's port, for logs and the like; 0: any free one",
  },
  { name: 'tls-cert-file', type: 'text', text: "the server's certificate (default one of its own making)" },
  { name: 'tls-private-key-file', type: 'text', text: 'its key' },
  { name: 'client-ca-file', type: 'text', text: 'signs the certificates of who may ask it; without it nobody may' },
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
