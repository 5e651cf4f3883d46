/** The messages of etcd-services.ts as load.ts decodes them; see etcd-types.ts. */
import type { KeyValue, ResponseHeader } from './etcd-types.ts';

interface Headed {
  header: ResponseHeader | undefined;
}

export interface LockRequest {
  name: Uint8Array;
  /** 0: one of its own, of 60 seconds, that nobody keeps alive */
  lease: bigint;
}
export interface LockResponse extends Headed {
  key: Uint8Array;
}
export interface UnlockRequest {
  key: Uint8Array;
}

export interface LeaderKey {
  name: Uint8Array;
  key: Uint8Array;
  /** the key's create revision */
  rev: number;
  lease: bigint;
}
export interface CampaignRequest {
  name: Uint8Array;
  lease: bigint;
  value: Uint8Array;
}
export interface CampaignResponse extends Headed {
  leader: LeaderKey | undefined;
}
export interface ProclaimRequest {
  leader: LeaderKey | undefined;
  value: Uint8Array;
}
export interface LeaderRequest {
  name: Uint8Array;
}
export interface LeaderResponse extends Headed {
  kv: KeyValue | undefined;
}
export interface ResignRequest {
  leader: LeaderKey | undefined;
}

export interface HealthCheckRequest {
  /** '': the server as a whole */
  service: string;
}
export interface HealthCheckResponse {
  /** 0 unknown, 1 serving, 2 not serving, 3 no such service */
  status: number;
}
export interface HealthListResponse {
  statuses: Record<string, HealthCheckResponse>;
}

/** one of them, besides `host` */
export interface ServerReflectionRequest {
  host: string;
  fileByFilename: string | undefined;
  fileContainingSymbol: string | undefined;
  fileContainingExtension: { containingType: string; extensionNumber: number } | undefined;
  allExtensionNumbersOfType: string | undefined;
  listServices: string | undefined;
}
/** one of the answers, besides the question */
export interface ServerReflectionResponse {
  validHost: string;
  originalRequest: ServerReflectionRequest | undefined;
  fileDescriptorResponse: { fileDescriptorProto: Uint8Array[] } | undefined;
  allExtensionNumbersResponse: { baseTypeName: string; extensionNumber: number[] } | undefined;
  listServicesResponse: { service: { name: string }[] } | undefined;
  errorResponse: { errorCode: number; errorMessage: string } | undefined;
}
