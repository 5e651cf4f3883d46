/**
 * OpenAPI v2 documents in protobuf, as gnostic (openapi.v2) lays them out and kubectl asks for them. Messages and fields
 * that we never write are left out. The original's `oneof` members are plain optional fields here: the wire is the same.
 */
export const openapiV2Proto = `
syntax = "proto3";
package openapi.v2;

message Document {
  string swagger = 1;
  Info info = 2;
  Paths paths = 8;
  Definitions definitions = 9;
  repeated SecurityRequirement security = 12;
  SecurityDefinitions security_definitions = 13;
}
message Info { string title = 1; string version = 2; }

message Paths { repeated NamedPathItem path = 2; }
message NamedPathItem { string name = 1; PathItem value = 2; }
message PathItem {
  Operation get = 2;
  Operation put = 3;
  Operation post = 4;
  Operation delete = 5;
  Operation patch = 8;
  repeated ParametersItem parameters = 9;
}
message Operation {
  repeated string tags = 1;
  string description = 3;
  string operation_id = 5;
  repeated string produces = 6;
  repeated string consumes = 7;
  repeated ParametersItem parameters = 8;
  Responses responses = 9;
  repeated NamedAny vendor_extension = 13;
}

message ParametersItem { Parameter parameter = 1; }
message Parameter { BodyParameter body = 1; NonBodyParameter non_body = 2; }
message BodyParameter { string description = 1; string name = 2; string in = 3; bool required = 4; Schema schema = 5; }
message NonBodyParameter { QueryParameter query = 3; PathParameter path = 4; }
message QueryParameter {
  bool required = 1;
  string in = 2;
  string description = 3;
  string name = 4;
  string type = 6;
  bool unique_items = 20;
}
message PathParameter {
  bool required = 1;
  string in = 2;
  string description = 3;
  string name = 4;
  string type = 5;
  bool unique_items = 19;
}

message Responses { repeated NamedResponseValue response_code = 1; }
message NamedResponseValue { string name = 1; ResponseValue value = 2; }
message ResponseValue { Response response = 1; }
message Response { string description = 1; SchemaItem schema = 2; }
message SchemaItem { Schema schema = 1; }

message Definitions { repeated NamedSchema additional_properties = 1; }
message NamedSchema { string name = 1; Schema value = 2; }
message Schema {
  string ref = 1;
  string format = 2;
  string description = 4;
  repeated string required = 19;
  repeated Any enum = 20;
  AdditionalPropertiesItem additional_properties = 21;
  TypeItem type = 22;
  ItemsItem items = 23;
  Properties properties = 25;
  repeated NamedAny vendor_extension = 31;
}
message AdditionalPropertiesItem { Schema schema = 1; }
message TypeItem { repeated string value = 1; }
message ItemsItem { repeated Schema schema = 1; }
message Properties { repeated NamedSchema additional_properties = 1; }

message Any { string yaml = 2; }
message NamedAny { string name = 1; Any value = 2; }

message SecurityRequirement { repeated NamedStringArray additional_properties = 1; }
message NamedStringArray { string name = 1; StringArray value = 2; }
message StringArray { repeated string value = 1; }
message SecurityDefinitions { repeated NamedSecurityDefinition additional_properties = 1; }
message NamedSecurityDefinition { string name = 1; SecurityDefinition value = 2; }
message SecurityDefinition { ApiKeySecurity api_key = 2; }
message ApiKeySecurity { string type = 1; string name = 2; string in = 3; string description = 4; }
`;
