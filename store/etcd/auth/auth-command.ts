/** The commands of etcd's Auth service as they go through the log; see ../command.ts. */
import type {
  AuthRoleGrantPermissionRequest,
  AuthRoleRevokePermissionRequest,
  AuthUserAddRequest,
  AuthUserChangePasswordRequest,
  AuthUserGrantRoleRequest,
  AuthUserRevokeRoleRequest,
  NameRequest,
  RoleRequest,
} from '../../../proto/etcd-auth-types.ts';

/** Passwords in requests are gone from these: what bcrypt made of them is there in `hashedPassword`. */
export const authCommandProto = `
syntax = "proto3";
package kuorum;

message AuthCommand {
  oneof command {
    etcdserverpb.AuthEnableRequest enable = 1;
    etcdserverpb.AuthDisableRequest disable = 2;
    Authenticate authenticate = 3;
    etcdserverpb.AuthUserAddRequest user_add = 4;
    etcdserverpb.AuthUserDeleteRequest user_delete = 5;
    etcdserverpb.AuthUserChangePasswordRequest user_change_password = 6;
    etcdserverpb.AuthUserGrantRoleRequest user_grant_role = 7;
    etcdserverpb.AuthUserRevokeRoleRequest user_revoke_role = 8;
    etcdserverpb.AuthRoleAddRequest role_add = 9;
    etcdserverpb.AuthRoleDeleteRequest role_delete = 10;
    etcdserverpb.AuthRoleGrantPermissionRequest role_grant_permission = 11;
    etcdserverpb.AuthRoleRevokePermissionRequest role_revoke_permission = 12;
  }
}
message Authenticate {
  string name = 1;
  string token = 2;
  uint64 checked_revision = 3 [jstype = JS_NUMBER];
}
`;

export interface Authenticate {
  name: string;
  /** random, made by the member asked; with the index of the entry it becomes the token. '': no simple token is wanted */
  token: string;
  /** the auth revision at which the password was found to be right: it holds only as long as nothing changed */
  checkedRevision: number;
}
export interface AuthCommand {
  enable: object | undefined;
  disable: object | undefined;
  authenticate: Authenticate | undefined;
  userAdd: AuthUserAddRequest | undefined;
  userDelete: NameRequest | undefined;
  userChangePassword: AuthUserChangePasswordRequest | undefined;
  userGrantRole: AuthUserGrantRoleRequest | undefined;
  userRevokeRole: AuthUserRevokeRoleRequest | undefined;
  roleAdd: NameRequest | undefined;
  roleDelete: RoleRequest | undefined;
  roleGrantPermission: AuthRoleGrantPermissionRequest | undefined;
  roleRevokePermission: AuthRoleRevokePermissionRequest | undefined;
}
