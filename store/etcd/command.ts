/**
 * What goes through the log. An entry holds the commands that came together in one turn of the event loop; it is
 * identified by the session (one run of one member) and its number in it, so that proposing it again is harmless.
 */
import { etcdProto } from '../../proto/etcd.ts';
import type {
  AlarmRequest,
  CompactionRequest,
  DeleteRangeRequest,
  LeaseGrantRequest,
  PutRequest,
  TxnRequest,
} from '../../proto/etcd-types.ts';
import { loadProto } from '../../proto/load.ts';
import type { Loose } from '../../proto/load.ts';
import { authCommandProto } from './auth/auth-command.ts';
import type { AuthCommand } from './auth/auth-command.ts';

const storeProto = `
syntax = "proto3";
package kuorum;

message Entry {
  uint64 session = 1;
  uint64 sequence = 2 [jstype = JS_NUMBER];
  repeated bytes commands = 3;
}
message Command {
  oneof command {
    etcdserverpb.PutRequest put = 1;
    etcdserverpb.DeleteRangeRequest delete_range = 2;
    etcdserverpb.TxnRequest txn = 3;
    etcdserverpb.CompactionRequest compact = 4;
    etcdserverpb.LeaseGrantRequest lease_grant = 5;
    LeaseRevoke lease_revoke = 6;
    LeaseRenew lease_renew = 7;
    etcdserverpb.AlarmRequest alarm = 8;
    Publish publish = 9;
    AuthCommand auth = 15;
  }
  string user = 30;
  uint64 auth_revision = 31 [jstype = JS_NUMBER];
}
message LeaseRevoke {
  int64 id = 1;
  Expiry expiry = 2;
}
message Expiry {
  uint64 term = 1 [jstype = JS_NUMBER];
  uint64 renewals = 2 [jstype = JS_NUMBER];
}
message LeaseRenew { int64 id = 1; }
message Publish {
  string id = 1;
  string name = 2;
  repeated string peer_urls = 3;
  repeated string client_urls = 4;
}
`;

export const etcd = loadProto([...etcdProto, authCommandProto, storeProto]);

export interface Entry {
  session: bigint;
  sequence: number;
  commands: Uint8Array[];
}
export interface LeaseRevoke {
  id: bigint;
  /**
   * Set where the leader revokes because time is up: it holds only if the entry was appended in that leader's own term,
   * and if the lease was not renewed meanwhile. So a deposed leader cannot revoke (etcd PR 17425).
   */
  expiry: { term: number; renewals: number } | undefined;
}
export interface Publish {
  id: string;
  name: string;
  peerUrls: string[];
  clientUrls: string[];
}
export interface Command {
  put: PutRequest | undefined;
  deleteRange: DeleteRangeRequest | undefined;
  txn: TxnRequest | undefined;
  compact: CompactionRequest | undefined;
  leaseGrant: LeaseGrantRequest | undefined;
  leaseRevoke: LeaseRevoke | undefined;
  leaseRenew: { id: bigint } | undefined;
  alarm: AlarmRequest | undefined;
  publish: Publish | undefined;
  auth: AuthCommand | undefined;
}
/** A command of a client while authentication is enabled says whose it is; else both are empty. */
export interface SignedCommand extends Command {
  user: string;
  /** of the auth store when the user was found to be who he is */
  authRevision: number;
}
export type LooseCommand = Loose<SignedCommand>;

export const entryCodec = etcd.codec<Entry>('kuorum.Entry');
export const commandCodec = etcd.codec<SignedCommand>('kuorum.Command');
