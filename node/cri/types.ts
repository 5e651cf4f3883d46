/** The messages of runtime.v1 as the kubelet and the embedded runtime see them. Times are nanoseconds since 1970. */

export const sandboxState = { ready: 0, notReady: 1 } as const;
export const containerState = { created: 0, running: 1, exited: 2, unknown: 3 } as const;
export const namespaceMode = { pod: 0, container: 1, node: 2, target: 3 } as const;
export const containerEventType = { created: 0, started: 1, stopped: 2, deleted: 3 } as const;
export const protocolNumber: Record<string, number> = { TCP: 0, UDP: 1, SCTP: 2 };
export const mountPropagation: Record<string, number> = { None: 0, HostToContainer: 1, Bidirectional: 2 };
export const seccompProfileType: Record<string, number> = { RuntimeDefault: 0, Unconfined: 1, Localhost: 2 };

export type StringMap = Record<string, string>;

export interface VersionResponse {
  version: string;
  runtimeName: string;
  runtimeVersion: string;
  runtimeApiVersion: string;
}

export interface RuntimeCondition {
  type: string;
  status: boolean;
  reason: string;
  message: string;
}
export interface StatusResponse {
  status: { conditions: RuntimeCondition[] };
  info: StringMap;
}

export interface NamespaceOption {
  network: number;
  pid: number;
  ipc: number;
  targetId?: string;
}
export interface Int64Value {
  value: number;
}
export interface SecurityProfile {
  profileType: number;
  localhostRef?: string;
}
export interface LinuxContainerResources {
  cpuPeriod?: number;
  cpuQuota?: number;
  cpuShares?: number;
  memoryLimitInBytes?: number;
  oomScoreAdj?: number;
}
export interface PodSandboxMetadata {
  name: string;
  uid: string;
  namespace: string;
  attempt: number;
}
export interface PortMapping {
  protocol: number;
  containerPort: number;
  hostPort: number;
  hostIp?: string;
}
export interface DnsConfig {
  servers?: string[];
  searches?: string[];
  options?: string[];
}
export interface PodSandboxConfig {
  metadata: PodSandboxMetadata;
  hostname: string;
  logDirectory: string;
  dnsConfig?: DnsConfig;
  portMappings?: PortMapping[];
  labels: StringMap;
  annotations: StringMap;
  linux?: {
    cgroupParent?: string;
    securityContext?: {
      namespaceOptions?: NamespaceOption;
      runAsUser?: Int64Value;
      runAsGroup?: Int64Value;
      supplementalGroups?: number[];
      privileged?: boolean;
      seccomp?: SecurityProfile;
    };
    sysctls?: StringMap;
  };
}
export interface PodSandboxStatus {
  id: string;
  metadata: PodSandboxMetadata;
  state: number;
  createdAt: number;
  network?: { ip: string; additionalIps?: { ip: string }[] };
  linux?: { namespaces?: { options?: NamespaceOption } };
  labels: StringMap;
  annotations: StringMap;
  runtimeHandler?: string;
}
export interface PodSandboxStatusResponse {
  status: PodSandboxStatus;
  info?: StringMap;
  containersStatuses?: ContainerStatus[];
  timestamp?: number;
}
export interface PodSandbox {
  id: string;
  metadata: PodSandboxMetadata;
  state: number;
  createdAt: number;
  labels: StringMap;
  annotations: StringMap;
  runtimeHandler?: string;
}
export interface PodSandboxFilter {
  id?: string;
  state?: { state: number };
  labelSelector?: StringMap;
}

export interface ImageSpec {
  image: string;
  annotations?: StringMap;
  userSpecifiedImage?: string;
}
export interface Mount {
  containerPath: string;
  hostPath: string;
  readonly?: boolean;
  propagation?: number;
}
export interface ContainerMetadata {
  name: string;
  attempt: number;
}
export interface LinuxContainerSecurityContext {
  capabilities?: { addCapabilities?: string[]; dropCapabilities?: string[] };
  privileged?: boolean;
  namespaceOptions?: NamespaceOption;
  runAsUser?: Int64Value;
  runAsGroup?: Int64Value;
  readonlyRootfs?: boolean;
  supplementalGroups?: number[];
  noNewPrivs?: boolean;
  maskedPaths?: string[];
  readonlyPaths?: string[];
  seccomp?: SecurityProfile;
}
export interface ContainerConfig {
  metadata: ContainerMetadata;
  image: ImageSpec;
  command?: string[];
  args?: string[];
  workingDir?: string;
  envs?: { key: string; value: Uint8Array }[];
  mounts?: Mount[];
  labels: StringMap;
  annotations: StringMap;
  /** relative to the sandbox's log directory */
  logPath: string;
  stdin?: boolean;
  stdinOnce?: boolean;
  tty?: boolean;
  linux?: { resources?: LinuxContainerResources; securityContext?: LinuxContainerSecurityContext };
}
export interface ContainerStatus {
  id: string;
  metadata: ContainerMetadata;
  state: number;
  createdAt: number;
  startedAt: number;
  finishedAt: number;
  exitCode: number;
  image: ImageSpec;
  imageRef: string;
  reason: string;
  message: string;
  labels: StringMap;
  annotations: StringMap;
  mounts?: Mount[];
  logPath: string;
  imageId?: string;
}
export interface CriContainer {
  id: string;
  podSandboxId: string;
  metadata: ContainerMetadata;
  image: ImageSpec;
  imageRef: string;
  state: number;
  createdAt: number;
  labels: StringMap;
  annotations: StringMap;
  imageId?: string;
}
export interface ContainerFilter {
  id?: string;
  state?: { state: number };
  podSandboxId?: string;
  labelSelector?: StringMap;
}
export interface ContainerEvent {
  containerId: string;
  containerEventType: number;
  createdAt: number;
  podSandboxStatus?: PodSandboxStatus;
  containersStatuses?: ContainerStatus[];
}

export interface ContainerStats {
  attributes: { id: string; metadata: ContainerMetadata; labels: StringMap; annotations: StringMap };
  cpu?: { timestamp: number; usageCoreNanoSeconds?: { value: number } };
  memory?: { timestamp: number; workingSetBytes?: { value: number } };
  writableLayer?: FilesystemUsage;
}
export interface FilesystemUsage {
  timestamp: number;
  fsId?: { mountpoint: string };
  usedBytes?: { value: number };
  inodesUsed?: { value: number };
}
export interface Image {
  id: string;
  repoTags: string[];
  repoDigests: string[];
  size: number;
  pinned?: boolean;
}
export interface AuthConfig {
  username?: string;
  password?: string;
  auth?: string;
  serverAddress?: string;
  identityToken?: string;
  registryToken?: string;
}
export interface ExecSyncResponse {
  stdout: Uint8Array;
  stderr: Uint8Array;
  exitCode: number;
}

type Empty = Record<string, never>;

/** Request and answer of each method that has a use here, by name. */
export interface CriMethods {
  Version: [{ version?: string }, VersionResponse];
  Status: [{ verbose?: boolean }, StatusResponse];
  RuntimeConfig: [Empty, { linux?: { cgroupDriver: number } }];
  UpdateRuntimeConfig: [{ runtimeConfig?: { networkConfig?: { podCidr: string } } }, Empty];
  RunPodSandbox: [{ config: PodSandboxConfig; runtimeHandler?: string }, { podSandboxId: string }];
  StopPodSandbox: [{ podSandboxId: string }, Empty];
  RemovePodSandbox: [{ podSandboxId: string }, Empty];
  PodSandboxStatus: [{ podSandboxId: string; verbose?: boolean }, PodSandboxStatusResponse];
  ListPodSandbox: [{ filter?: PodSandboxFilter }, { items: PodSandbox[] }];
  CreateContainer: [
    { podSandboxId: string; config: ContainerConfig; sandboxConfig?: PodSandboxConfig },
    { containerId: string },
  ];
  StartContainer: [{ containerId: string }, Empty];
  StopContainer: [{ containerId: string; timeout: number }, Empty];
  RemoveContainer: [{ containerId: string }, Empty];
  ContainerStatus: [{ containerId: string; verbose?: boolean }, { status: ContainerStatus; info?: StringMap }];
  ListContainers: [{ filter?: ContainerFilter }, { containers: CriContainer[] }];
  Exec: [
    { containerId: string; cmd: string[]; tty: boolean; stdin: boolean; stdout: boolean; stderr: boolean },
    { url: string },
  ];
  Attach: [{ containerId: string; tty: boolean; stdin: boolean; stdout: boolean; stderr: boolean }, { url: string }];
  PortForward: [{ podSandboxId: string; port: number[] }, { url: string }];
  ExecSync: [{ containerId: string; cmd: string[]; timeout: number }, ExecSyncResponse];
  ContainerStats: [{ containerId: string }, { stats: ContainerStats }];
  ListContainerStats: [{ filter?: Omit<ContainerFilter, 'state'> }, { stats: ContainerStats[] }];
  ListImages: [{ filter?: { image?: ImageSpec } }, { images: Image[] }];
  ImageStatus: [{ image: ImageSpec; verbose?: boolean }, { image?: Image; info?: StringMap }];
  PullImage: [{ image: ImageSpec; auth?: AuthConfig; sandboxConfig?: PodSandboxConfig }, { imageRef: string }];
  RemoveImage: [{ image: ImageSpec }, Empty];
  ImageFsInfo: [Empty, { imageFilesystems: FilesystemUsage[]; containerFilesystems?: FilesystemUsage[] }];
}
export type CriMethodName = keyof CriMethods;
