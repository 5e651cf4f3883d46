/** The messages of etcd's Auth service as load.ts decodes them; see etcd-types.ts. */
import type { ResponseHeader } from './etcd-types.ts';

export interface UserRecord {
  name: Uint8Array;
  /** what bcrypt made of it; empty: there is none */
  password: Uint8Array;
  roles: string[];
  options: { noPassword: boolean } | undefined;
}
export interface PermissionRecord {
  /** 0 read, 1 write, 2 both */
  permType: number;
  key: Uint8Array;
  rangeEnd: Uint8Array;
}
export interface RoleRecord {
  name: Uint8Array;
  keyPermission: PermissionRecord[];
}

export interface AuthenticateRequest {
  name: string;
  password: string;
}
export interface AuthUserAddRequest {
  name: string;
  password: string;
  options: { noPassword: boolean } | undefined;
  /** base64 of what bcrypt makes of the password */
  hashedPassword: string;
}
export interface AuthUserChangePasswordRequest {
  name: string;
  password: string;
  hashedPassword: string;
}
export interface NameRequest {
  name: string;
}
export interface RoleRequest {
  role: string;
}
export interface AuthUserGrantRoleRequest {
  user: string;
  role: string;
}
export interface AuthUserRevokeRoleRequest {
  name: string;
  role: string;
}
export interface AuthRoleGrantPermissionRequest {
  name: string;
  perm: PermissionRecord | undefined;
}
export interface AuthRoleRevokePermissionRequest {
  role: string;
  key: Uint8Array;
  rangeEnd: Uint8Array;
}

interface Headed {
  header: ResponseHeader | undefined;
}
export interface AuthStatusResponse extends Headed {
  enabled: boolean;
  authRevision: number;
}
export interface AuthenticateResponse extends Headed {
  token: string;
}
export interface AuthUserGetResponse extends Headed {
  roles: string[];
}
export interface AuthUserListResponse extends Headed {
  users: string[];
}
export interface AuthRoleGetResponse extends Headed {
  perm: PermissionRecord[];
}
export interface AuthRoleListResponse extends Headed {
  roles: string[];
}
