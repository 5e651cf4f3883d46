/** Asked for a log position that has been cut off; only the snapshot still covers it. */
export class LogCompactedError extends Error {
  override name = 'LogCompactedError';
}

/** Asked for a log position beyond the end. */
export class LogUnavailableError extends Error {
  override name = 'LogUnavailableError';
}

/** What this member holds contradicts what it once acknowledged: its disk lost or changed something. It must not go on. */
export class LogCorruptionError extends Error {
  override name = 'LogCorruptionError';
}

/** A configuration change that would leave the group in an invalid or unsafe configuration. */
export class ConfChangeError extends Error {
  override name = 'ConfChangeError';
}
