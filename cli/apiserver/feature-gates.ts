import { CliError } from '../cli-error.ts';
import type { Notice } from '../commands/foreign-flag.ts';

// The names of kube-apiserver's feature gates, 1.37, by what they are set to there.
/** on, and nothing else is possible */
const lockedOn =
  'AggregatedDiscoveryRemoveBetaType CPUManagerPolicyOptions CRDValidationRatcheting ' +
  'CSIServiceAccountTokenSecrets CustomResourceFieldSelectors DRAAdminAccess DRADeviceTaintRules ' +
  'DRADeviceTaints DRAExtendedResource DRAPrioritizedList DRAResourceClaimDeviceStatus DeclarativeValidation ' +
  'DisableAllocatorDualWrite DisableCPUQuotaWithExclusiveCPUs DisableNodeKubeProxyVersion ' +
  'DynamicResourceAllocation ExecProbeTimeout ExternalServiceAccountTokenSigner HPAConfigurableTolerance ' +
  'HostnameOverride ImageMaximumGCAge ImageVolume InOrderInformers InPlacePodVerticalScaling ' +
  'InPlacePodVerticalScalingInitContainers JobManagedBy KubeletCgroupDriverFromCRI KubeletFineGrainedAuthz ' +
  'KubeletPSI KubeletPodResourcesDynamicResources KubeletPodResourcesGet KubeletTracing ' +
  'MatchLabelKeysInPodAffinity MultiCIDRServiceAllocator MutableCSINodeAllocatableCount NFTablesProxyMode ' +
  'NodeDeclaredFeatures NodeInclusionPolicyInPodTopologySpread NodeLogQuery NodeSwap PLEGOnDemandRelist ' +
  'PodObservedGenerationTracking PodReadyToStartContainersCondition PodSchedulingReadiness ' +
  'PreferSameTrafficDistribution ProcMountType RecoverVolumeExpansionFailure RecursiveReadOnlyMounts ' +
  'RelaxedEnvironmentVariableValidation RelaxedServiceNameValidation SELinuxChangePolicy ' +
  'SELinuxMountReadWriteOncePod SeparateTaintEvictionController ServiceAccountTokenJTI ' +
  'ServiceAccountTokenNodeBinding ServiceAccountTokenNodeBindingValidation ServiceAccountTokenPodNodeInfo ' +
  'SupplementalGroupsPolicy SystemdWatchdog TopologyManagerPolicyOptions UserNamespacesSupport ' +
  'VolumeAttributesClass WatchCacheInitializationPostStartHook WinDSR WinOverlay';
/** off, and nothing else is possible */
const lockedOff =
  'AllowOverwriteTerminationGracePeriodSeconds DeclarativeValidationTakeover GitRepoVolumeDriver ' +
  'SeparateCacheWatchRPC';
/** on by default */
const usuallyOn =
  'APIResponseCompression APIServerIdentity AllowParsingUserUIDFromCertAuth AllowServiceExternalIPs ' +
  'AllowUnsafeMalformedObjectDeletion AtomicFIFO AuthorizePodWebsocketUpgradeCreatePermission ' +
  'CPUManagerPolicyBetaOptions CRDObservedGenerationTracking ClearingNominatedNodeNameAfterBinding ' +
  'ClientsAllowCARotation ClientsAllowTLSCacheGC ClusterTrustBundle ClusterTrustBundleProjection ComponentFlagz ' +
  'ComponentStatusz ConcurrentWatchObjectDecode ConstrainedImpersonation ContainerCheckpoint ' +
  'ContainerRestartRules ContextualLogging CustomCPUCFSQuotaPeriod DRAConsumableCapacity ' +
  'DRADeviceBindingConditions DRAFractionalCapacityRange DRAPartitionableDevices ' +
  'DRAResourceClaimGranularStatusAuthorization DRASchedulerFilterTimeout DeclarativeValidationBeta ' +
  'DeploymentReplicaSetTerminatingReplicas DetectCacheInconsistency EnvFiles EtcdRangeStream ' +
  'ExcludeAdmissionWebhookVirtualResources ExtendWebSocketsToKubelet GracefulNodeShutdown ' +
  'GracefulNodeShutdownBasedOnPodPriority HPAGeneration HPAOptimizedSelectorStore HPAScaleToZero ' +
  'HugepageAwareEviction InOrderInformersBatchProcess InPlacePodLevelResourcesVerticalScaling ' +
  'InformerResourceVersion KubeProxyIPVS KubeletCrashLoopBackOffMax KubeletEnsureSecretPulledImages ' +
  'KubeletInUserNamespace KubeletPodResourcesListUseActivePods KubeletSeparateDiskGC ' +
  'KubeletServiceAccountTokenForCredentialProviders ListFromCacheSnapshot LoggingBetaOptions ' +
  'LoggingStableOptions ManifestBasedAdmissionControlConfig MatchLabelKeysInPodTopologySpread ' +
  'MatchLabelKeysInPodTopologySpreadSelectorMerge MaxUnavailableStatefulSet MemoryQoS ' +
  'MutablePodResourcesForSuspendedJobs MutableSchedulingDirectivesForSuspendedJobs MutatingAdmissionPolicy ' +
  'NFTablesNetlink NodeControllerLeaseCircuitBreaker NominatedNodeNameForExpectation OpenAPIEnums ' +
  'OpportunisticBatching PersistentVolumeClaimUnusedSinceTime PodCertificateRequest PodDeletionCost ' +
  'PodLevelResources PodLevelResourcesFixDefaulting PodLevelResourcesFixKubeletQOSClass ' +
  'PodTopologyLabelsAdmission PodsAPI PortForwardWebsockets ReloadKubeletClientCAFile ' +
  'ReloadKubeletServerCertificateFile RemoteRequestHeaderUID ResourceHealthStatus ResourceHealthStatusMessage ' +
  'RestartAllContainersOnContainerExits RotateKubeletServerCertificate SELinuxMount SchedulerAsyncPreemption ' +
  'SchedulerPopFromBackoffQ ServiceAccountNodeAudienceRestriction ServiceCIDRStatusFieldWiping ' +
  'SizeBasedListCostEstimate StaleControllerConsistencyDaemonSet StaleControllerConsistencyHPA ' +
  'StaleControllerConsistencyJob StaleControllerConsistencyReplicaSet StaleControllerConsistencyStatefulSet ' +
  'StatefulSetSemanticRevisionComparison StorageCapacityScoring StorageNamespaceIndex StorageVersionHash ' +
  'StorageVersionMigrator StrictIPCIDRValidation StructuredAuthenticationConfigurationEgressSelector ' +
  'StructuredAuthenticationConfigurationJWKSMetrics TokenRequestServiceAccountUIDValidation ' +
  'TopologyManagerPolicyBetaOptions TranslateStreamCloseWebsocketRequests UnauthenticatedHTTP2DOSMitigation ' +
  'UnknownVersionInteroperabilityProxy UnlockWhileProcessingFIFO VolumeLimitScaling WatchList WatchListClient ' +
  'WatchListCompression WebhookRoundTripLoadBalancing WindowsGracefulNodeShutdown';
/** off by default */
const usuallyOff =
  'APIServerWebhookAuthenticationToken APIServingWithRoutine AllowDNSOnlyNodeCSR ' +
  'AllowInsecureKubeletCertificateSigningRequests AtomicWriteVolumeUserFields CBORServingAndStorage ' +
  'CPUManagerPolicyAlphaOptions CRIListStreaming CSIVolumeHealth ChangeContainerStatusOnKubeletRestart ' +
  'ClientsAllowCBOR ClientsPreferCBOR CloudControllerManagerWatchBasedRoutesReconciliation ' +
  'CloudControllerManagerWebhook CompositePodGroup ConsistentListFromCacheSkipTimeoutFallback ' +
  'ContainerStopSignals CoordinatedLeaderElection CrossNamespaceVolumeDataSource DRADerivedAttributes ' +
  'DRADeviceCompatibilityGroups DRAListTypeAttributes DRANodeAllocatableResources DRAOptionalNodeOperations ' +
  'DRAPartitionableDevicesType DRAResourcePoolStatus DRAWorkloadResourceClaims DefaultPodSysctls ' +
  'EmptyDirVolumeMode EventedPLEG EvictionRequestAPI GRPCContainerProbeTLS GenericWorkload H2CContainerProbe ' +
  'ImageVolumeWithDigest InPlacePodVerticalScalingExclusiveCPUs InPlacePodVerticalScalingExclusiveMemory ' +
  'InPlacePodVerticalScalingMemoryBackedVolumes InPlacePodVerticalScalingSchedulerPreemption ' +
  'InterPodAffinityHostnameFastPath KMSv1 KubeProxyNFTablesLocalhostNodePorts KubeletAllocatedPodsEndpoint ' +
  'KubeletRegistrationGetOnExistsOnly LocalStorageCapacityIsolationFSQuotaMonitoring LoggingAlphaOptions ' +
  'MutablePVNodeAffinity NativeHistograms NodeLifecycleConditions PodAndContainerStatsFromCRI ' +
  'PodGroupPreemptionPolicy PodLevelResourceManagers PodLogsQuerySplitStreams QOSReserved ' +
  'ReduceDefaultCrashLoopBackOffDecay RuntimeClassInImageCriApi SchedulerAsyncAPICalls ' +
  'SchedulerPreQueueingHints ShardedListAndWatch StatefulSetRecreateStrategy StorageVersionAPI ' +
  'TaintTolerationComparisonOperators TopologyAwareWorkloadScheduling TopologyManagerPolicyAlphaOptions ' +
  'UserNamespacesHostNetworkSupport VolumeBindMountOptions WindowsCPUAndMemoryAffinity WindowsHostNetwork ' +
  'WorkloadWithJob';

interface Gate {
  readonly fallback: boolean;
  readonly locked: boolean;
}

const gates = new Map<string, Gate>();
const add = (names: string, gate: Gate): void => {
  for (const name of names.split(' ')) gates.set(name, gate);
};
add(lockedOn, { fallback: true, locked: true });
add(lockedOff, { fallback: false, locked: true });
add(usuallyOn, { fallback: true, locked: false });
add(usuallyOff, { fallback: false, locked: false });

/** Groups of gates: known, and of no effect here. */
const groups: ReadonlySet<string> = new Set(['AllAlpha', 'AllBeta']);

const isOn: Readonly<Record<string, boolean>> = { true: true, false: false, t: true, f: false, '1': true, '0': false };

/**
 * `A=true,B=false`, with Kubernetes' words for what is wrong. Features here are there or not: a gate that is set otherwise
 * than usual is told in the log, and changes nothing.
 */
export function readFeatureGates(texts: readonly string[]): Notice[] {
  const notices: Notice[] = [];
  for (const part of texts) {
    const [name = '', value = ''] = part.split('=').map((each) => each.trim());
    if (!part.includes('='))
      throw new CliError(`invalid argument "${part}" for "--feature-gates" flag: missing bool value for ${name}`);
    const on = Object.hasOwn(isOn, value.toLowerCase()) ? isOn[value.toLowerCase()] : undefined;
    if (on === undefined) {
      throw new CliError(`invalid argument "${part}" for "--feature-gates" flag: invalid value of ${name}=${value}`);
    }
    const gate = gates.get(name);
    if (gate === undefined && !groups.has(name)) {
      throw new CliError(`invalid argument "${part}" for "--feature-gates" flag: unrecognized feature gate: ${name}`);
    }
    if (gate?.locked === true && gate.fallback !== on) {
      throw new CliError(
        `invalid argument "${part}" for "--feature-gates" flag: cannot set feature gate ${name} to ${on}, feature is locked to ${gate.fallback}`,
      );
    }
    if (gate?.fallback !== on) {
      const text = `--feature-gates=${name}=${on} has no effect: what Kuorum can do is not switched by gates`;
      notices.push({ level: 'warn', fields: { gate: name, value: on }, text });
    }
  }
  return notices;
}
