/** The services on the client port besides etcdserverpb: locks, elections, health, and what grpcurl asks. See etcd.ts. */
const v3lockpb = `
syntax = "proto3";
package v3lockpb;

service Lock {
  rpc Lock(LockRequest) returns (LockResponse);
  rpc Unlock(UnlockRequest) returns (UnlockResponse);
}
message LockRequest {
  bytes name = 1;
  int64 lease = 2;
}
message LockResponse {
  etcdserverpb.ResponseHeader header = 1;
  bytes key = 2;
}
message UnlockRequest { bytes key = 1; }
message UnlockResponse { etcdserverpb.ResponseHeader header = 1; }
`;

const v3electionpb = `
syntax = "proto3";
package v3electionpb;

service Election {
  rpc Campaign(CampaignRequest) returns (CampaignResponse);
  rpc Proclaim(ProclaimRequest) returns (ProclaimResponse);
  rpc Leader(LeaderRequest) returns (LeaderResponse);
  rpc Observe(LeaderRequest) returns (stream LeaderResponse);
  rpc Resign(ResignRequest) returns (ResignResponse);
}
message CampaignRequest {
  bytes name = 1;
  int64 lease = 2;
  bytes value = 3;
}
message CampaignResponse {
  etcdserverpb.ResponseHeader header = 1;
  LeaderKey leader = 2;
}
message LeaderKey {
  bytes name = 1;
  bytes key = 2;
  int64 rev = 3 [jstype = JS_NUMBER];
  int64 lease = 4;
}
message LeaderRequest { bytes name = 1; }
message LeaderResponse {
  etcdserverpb.ResponseHeader header = 1;
  mvccpb.KeyValue kv = 2;
}
message ResignRequest { LeaderKey leader = 1; }
message ResignResponse { etcdserverpb.ResponseHeader header = 1; }
message ProclaimRequest {
  LeaderKey leader = 1;
  bytes value = 2;
}
message ProclaimResponse { etcdserverpb.ResponseHeader header = 1; }
`;

/** https://github.com/grpc/grpc-proto/blob/master/grpc/health/v1/health.proto */
const health = `
syntax = "proto3";
package grpc.health.v1;

service Health {
  rpc Check(HealthCheckRequest) returns (HealthCheckResponse);
  rpc List(HealthListRequest) returns (HealthListResponse);
  rpc Watch(HealthCheckRequest) returns (stream HealthCheckResponse);
}
message HealthCheckRequest { string service = 1; }
message HealthCheckResponse {
  enum ServingStatus { UNKNOWN = 0; SERVING = 1; NOT_SERVING = 2; SERVICE_UNKNOWN = 3; }
  ServingStatus status = 1;
}
message HealthListRequest {}
message HealthListResponse { map<string, HealthCheckResponse> statuses = 1; }
`;

/** https://github.com/grpc/grpc-proto/blob/master/grpc/reflection/v1/reflection.proto; v1alpha is the same under its older name */
const reflection = (version: 'v1' | 'v1alpha'): string => `
syntax = "proto3";
package grpc.reflection.${version};

service ServerReflection {
  rpc ServerReflectionInfo(stream ServerReflectionRequest) returns (stream ServerReflectionResponse);
}
message ServerReflectionRequest {
  string host = 1;
  oneof message_request {
    string file_by_filename = 3;
    string file_containing_symbol = 4;
    ExtensionRequest file_containing_extension = 5;
    string all_extension_numbers_of_type = 6;
    string list_services = 7;
  }
}
message ExtensionRequest {
  string containing_type = 1;
  int32 extension_number = 2;
}
message ServerReflectionResponse {
  string valid_host = 1;
  ServerReflectionRequest original_request = 2;
  oneof message_response {
    FileDescriptorResponse file_descriptor_response = 4;
    ExtensionNumberResponse all_extension_numbers_response = 5;
    ListServiceResponse list_services_response = 6;
    ErrorResponse error_response = 7;
  }
}
message FileDescriptorResponse { repeated bytes file_descriptor_proto = 1; }
message ExtensionNumberResponse {
  string base_type_name = 1;
  repeated int32 extension_number = 2;
}
message ListServiceResponse { repeated ServiceResponse service = 1; }
message ServiceResponse { string name = 1; }
message ErrorResponse {
  int32 error_code = 1;
  string error_message = 2;
}
`;

export const servicesProto: readonly string[] = [
  v3lockpb,
  v3electionpb,
  health,
  reflection('v1'),
  reflection('v1alpha'),
];
