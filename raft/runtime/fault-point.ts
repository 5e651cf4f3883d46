/**
 * Places where a test may make a member of the group stumble; the names are etcd's where etcd has such a place.
 * A member without a hook passes them for nothing.
 */
export const raftFaultPoints = [
  /** before a group of records is written to the log */
  'raftBeforeSave',
  /** written and durable, not acknowledged yet */
  'raftAfterSave',
  'walBeforeSync',
  'walAfterSync',
  /** a received snapshot, before its file is made and after it is durable */
  'raftBeforeSaveSnap',
  'raftAfterSaveSnap',
  /** around the replacement of the state machine's content */
  'raftBeforeApplySnap',
  'raftAfterApplySnap',
  /** before an image is sent to a follower that is too far behind */
  'raftBeforeSendSnap',
  /** segments of the log that are not needed any more are gone */
  'raftAfterWALRelease',
] as const;

export type RaftFaultPoint = (typeof raftFaultPoints)[number];

/** Awaited at the point; a rejection is taken for what the disk or the network answered there. */
export type ReachFaultPoint<P extends string = RaftFaultPoint> = (point: P) => Promise<void> | undefined;
