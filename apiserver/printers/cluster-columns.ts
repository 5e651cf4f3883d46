/** Kinds of the whole cluster, access and devices: column → the type and field that documents it, or the text itself. */
export const clusterColumns: Readonly<Record<string, Readonly<Record<string, readonly [string, string] | string>>>> = {
  apiservices: {
    Service: 'The reference to the service that hosts this API endpoint.',
    Available: 'Whether this service is available.',
  },
  certificatesigningrequests: {
    SignerName: ['certificates.v1.CertificateSigningRequestSpec', 'signerName'],
    Requestor: ['certificates.v1.CertificateSigningRequestSpec', 'request'],
    RequestedDuration: ['certificates.v1.CertificateSigningRequestSpec', 'expirationSeconds'],
    Condition: ['certificates.v1.CertificateSigningRequestStatus', 'conditions'],
  },
  clusterrolebindings: {
    Role: ['rbac.v1.ClusterRoleBinding', 'roleRef'],
    Users: 'Users in the clusterRoleBinding',
    Groups: 'Groups in the clusterRoleBinding',
    ServiceAccounts: 'ServiceAccounts in the clusterRoleBinding',
  },
  csidrivers: {
    AttachRequired: ['storage.v1.CSIDriverSpec', 'attachRequired'],
    PodInfoOnMount: ['storage.v1.CSIDriverSpec', 'podInfoOnMount'],
    StorageCapacity: ['storage.v1.CSIDriverSpec', 'storageCapacity'],
  },
  csinodes: {
    Drivers: 'Drivers indicates the number of CSI drivers registered on the node',
  },
  flowschemas: {
    PriorityLevel: ['flowcontrol.v1.PriorityLevelConfigurationReference', 'name'],
    MatchingPrecedence: ['flowcontrol.v1.FlowSchemaSpec', 'matchingPrecedence'],
    DistinguisherMethod: ['flowcontrol.v1.FlowSchemaSpec', 'distinguisherMethod'],
    MissingPL: 'references a broken or non-existent PriorityLevelConfiguration',
  },
  ingressclasses: {
    Controller: 'Controller that is responsible for handling this class',
    Parameters: 'A reference to a resource with additional parameters',
  },
  ingresses: {
    Class: 'The name of the IngressClass resource that should be used for additional configuration',
    Hosts: 'Hosts that incoming requests are matched against before the ingress rule',
    Address: 'Address is a list containing ingress points for the load-balancer',
    Ports: 'Ports of TLS configurations that open',
  },
  ipaddresses: {
    ParentRef: ['networking.v1.IPAddressSpec', 'parentRef'],
  },
  mutatingadmissionpolicies: {
    Mutations: 'Mutation indicates the number of mutations rules defined in this configuration',
    ParamKind: 'ParamKind specifies the kind of resources used to parameterize this policy',
  },
  mutatingadmissionpolicybindings: {
    PolicyName: 'PolicyName indicates the policy definition which the policy binding binded to',
    ParamRef: 'ParamRef indicates the param resource which sets the configuration param',
  },
  mutatingwebhookconfigurations: {
    Webhooks: 'Webhooks indicates the number of webhooks registered in this configuration',
  },
  networkpolicies: {
    'Pod-Selector': ['networking.v1.NetworkPolicySpec', 'podSelector'],
  },
  priorityclasses: {
    Value: ['scheduling.v1.PriorityClass', 'value'],
    'Global-Default': ['scheduling.v1.PriorityClass', 'globalDefault'],
    PreemptionPolicy: ['scheduling.v1.PriorityClass', 'preemptionPolicy'],
  },
  prioritylevelconfigurations: {
    Type: ['flowcontrol.v1.PriorityLevelConfigurationSpec', 'type'],
    NominalConcurrencyShares: ['flowcontrol.v1.LimitedPriorityLevelConfiguration', 'nominalConcurrencyShares'],
    Queues: ['flowcontrol.v1.QueuingConfiguration', 'queues'],
    HandSize: ['flowcontrol.v1.QueuingConfiguration', 'handSize'],
    QueueLengthLimit: ['flowcontrol.v1.QueuingConfiguration', 'queueLengthLimit'],
  },
  resourceclaims: {
    State: 'A summary of the current state (allocated, pending, reserved, etc.).',
  },
  resourceslices: {
    Node: ['resource.v1.ResourceSliceSpec', 'nodeName'],
    Driver: ['resource.v1.ResourceSliceSpec', 'driver'],
    Pool: ['resource.v1.ResourcePool', 'name'],
  },
  rolebindings: {
    Role: ['rbac.v1.RoleBinding', 'roleRef'],
    Users: 'Users in the roleBinding',
    Groups: 'Groups in the roleBinding',
    ServiceAccounts: 'ServiceAccounts in the roleBinding',
  },
  servicecidrs: {
    CIDRs: ['networking.v1.ServiceCIDRSpec', 'cidrs'],
  },
  storageclasses: {
    Provisioner: ['storage.v1.StorageClass', 'provisioner'],
    ReclaimPolicy: ['storage.v1.StorageClass', 'reclaimPolicy'],
    VolumeBindingMode: ['storage.v1.StorageClass', 'volumeBindingMode'],
    AllowVolumeExpansion: ['storage.v1.StorageClass', 'allowVolumeExpansion'],
  },
  validatingadmissionpolicies: {
    Validations: 'Validations indicates the number of validation rules defined in this configuration',
    ParamKind: 'ParamKind specifies the kind of resources used to parameterize this policy',
  },
  validatingadmissionpolicybindings: {
    PolicyName: 'PolicyName indicates the policy definition which the policy binding binded to',
    ParamRef: 'ParamRef indicates the param resource which sets the configuration param',
  },
  validatingwebhookconfigurations: {
    Webhooks: 'Webhooks indicates the number of webhooks registered in this configuration',
  },
  volumeattachments: {
    Attacher: ['storage.v1.VolumeAttachmentSpec', 'attacher'],
    PV: ['storage.v1.VolumeAttachmentSource', 'persistentVolumeName'],
    Node: ['storage.v1.VolumeAttachmentSpec', 'nodeName'],
    Attached: ['storage.v1.VolumeAttachmentStatus', 'attached'],
  },
  volumeattributesclasses: {
    DriverName: ['storage.v1.VolumeAttributesClass', 'driverName'],
  },
};
